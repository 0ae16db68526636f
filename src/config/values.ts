import { z } from 'zod'
import { parsePico } from '../money.ts'
import { describe, quote } from './problems.ts'

const TIMEOUT_MAX_SECONDS = 86_400
const PRICE = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

interface Given {
  readonly input?: unknown
}

/** Says what was expected and which kind of value came instead. */
export function expected(what: string) {
  return { error: ({ input }: Given) => `expected ${what}, got ${describe(input)}` }
}

/** The same, with the value itself. */
export function expectedValue(what: string) {
  return { error: ({ input }: Given) => `expected ${what}, got ${quote(input)}` }
}

export function text(what = 'a string') {
  return z.string(expected(what)).min(1, { error: `expected ${what}, got an empty one` })
}

// Variables are text, so are YAML 1.1's yes and no, which LiteLLM reads as booleans.
export function flag() {
  const what = 'true or false'
  return z.preprocess(
    (value) => {
      if (typeof value !== 'string') return value
      if (/^(true|yes|on)$/i.test(value)) return true
      return /^(false|no|off)$/i.test(value) ? false : value
    },
    z.boolean(expectedValue(what)),
  )
}

function toNumber(value: unknown): unknown {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  return Number.isNaN(number) ? value : number
}

export function numeric(what: string, [min, max]: readonly [number, number]) {
  const inRange = (value: number) => value >= min && value <= max
  return z.preprocess(toNumber, z.number(expectedValue(what)).refine(inRange, expectedValue(what)))
}

export function count(what: string) {
  const range = [1, Number.MAX_SAFE_INTEGER] as const
  return numeric(what, range).refine(Number.isSafeInteger, expectedValue(what))
}

export const seconds = () =>
  numeric(`seconds, more than 0 and at most ${TIMEOUT_MAX_SECONDS}`, [0.001, TIMEOUT_MAX_SECONDS])

/** USD per token, as a number or as text, → picodollars. */
export const price = () =>
  z.unknown().transform((value, context) => {
    const digits = typeof value === 'number' ? String(value) : value
    const pico = typeof digits === 'string' ? readPrice(digits.trim()) : null
    if (pico !== null) return pico
    const message = `expected USD per token, 0 or from 1e-12 to 1000, such as 0.0000025, got ${quote(value)}`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

function readPrice(digits: string): bigint | null {
  const usd = Number(digits)
  if (!PRICE.test(digits) || usd > 1000) return null
  const pico = parsePico(digits.replace(/^\+?\./, '0.'))
  // A price too small for our unit would make the model free.
  return pico === 0n && usd > 0 ? null : pico
}

export function endpoint() {
  const what = 'a URL such as "https://api.example.com/v1"'
  return text(what).refine(isEndpoint, {
    error: `expected ${what}, without credentials, ? and #`,
  })
}

function isEndpoint(value: string): boolean {
  const url = URL.parse(value)
  if (!url || !['http:', 'https:'].includes(url.protocol)) return false
  return url.username === '' && url.password === '' && !/[?#]/.test(value)
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, expectedValue(values.map((value) => `"${value}"`).join(' or ')))
}

export function texts(what: string) {
  const list = z.array(text(), expected(what))
  return z.preprocess((value) => (typeof value === 'string' ? [value] : value), list)
}

export const id = () =>
  z.preprocess((value) => (typeof value === 'number' ? String(value) : value), text())
