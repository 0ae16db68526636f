import type { JWTPayload } from 'jose'
import { unauthorized } from '../../errors.ts'

type Claims = Readonly<Record<string, unknown>>

const TEXT_MAX_LENGTH = 256
const LIST_MAX = 1_000

/** What a name addresses: a claim of just this name, or one inside another, `resource_access.app.roles`. */
export function claimAt(claims: Claims | JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const outer = path.slice(0, dot)
    const inner = Object.hasOwn(claims, outer) ? claims[outer] : undefined
    if (isRecord(inner)) return claimAt(inner, path.slice(dot + 1))
  }
  return undefined
}

/** A claim that names one thing; null if it is not there. Throws 401 for what can be no name. */
export function textAt(claims: JWTPayload, path: string | null): string | null {
  const [text, ...more] = textsAt(claims, path)
  if (more.length > 0) throw malformed(path)
  return text ?? null
}

/** A claim that names several things, or one of them. */
export function textsAt(claims: JWTPayload, path: string | null): string[] {
  const value = path === null ? undefined : claimAt(claims, path)
  const items: unknown[] = Array.isArray(value) ? value : [value]
  if (items.length > LIST_MAX) throw malformed(path)
  return items.flatMap((item) => {
    if (item === undefined || item === null || item === '') return []
    if (typeof item === 'number') return [String(item)]
    if (typeof item !== 'string' || !isName(item)) throw malformed(path)
    return [item]
  })
}

/** `scope`, which is text with spaces between, or a list. */
export function scopesOf(claims: JWTPayload): string[] {
  return textsOf(claims['scope']).flatMap((text) => text.split(' ').filter((one) => one !== ''))
}

function textsOf(value: unknown): string[] {
  const items: unknown[] = Array.isArray(value) ? value : [value]
  return items.filter((item) => typeof item === 'string')
}

/** As names of teams and users are stored. */
function isName(text: string): boolean {
  return text.length <= TEXT_MAX_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(text)
}

function malformed(path: string | null) {
  return unauthorized(`Authentication Error, Validation fails: Invalid claim "${path}"`)
}

function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
