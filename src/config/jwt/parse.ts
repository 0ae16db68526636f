import type { Lookup } from '../environment.ts'
import { isMapping } from '../problems.ts'
import type { Findings, Path } from '../problems.ts'
import { type JwtAuth, makeJwtAuth } from './jwt-auth.ts'
import { JwtAuthFields } from './schema.ts'

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

interface Place {
  readonly path: Path
  readonly value: unknown
}

interface Reading {
  readonly root: Readonly<Record<string, unknown>>
  readonly lookup: Lookup
  readonly findings: Findings
  /** `general_settings.enable_jwt_auth` */
  readonly isEnabled: boolean | undefined
  readonly parseAt: (schema: typeof JwtAuthFields, place: Place) => JwtAuthFields | undefined
}

/** Null: no caller is known by a token. The section may stand where LiteLLM's code or docs have it. */
export function parseJwtAuth(reading: Reading): JwtAuth | null {
  const { root, findings, isEnabled, parseAt } = reading
  const general = isMapping(root.general_settings) ? root.general_settings : {}
  const inside = { path: ['general_settings', 'litellm_jwtauth'], value: general.litellm_jwtauth }
  const outside = { path: ['litellm_jwtauth'], value: root.litellm_jwtauth }
  const both = [inside, outside].filter(({ value }) => value !== undefined)
  if (both.length > 1 && JSON.stringify(inside.value) !== JSON.stringify(outside.value)) {
    findings.problems.push(
      'litellm_jwtauth: expected in one place, but general_settings.litellm_jwtauth differs',
    )
  }
  const place = both[0] ?? inside
  const sent = parseAt(JwtAuthFields, place)
  if (!sent || isEnabled === false || (both.length === 0 && !isEnabled)) return null
  if (sent.scope_mappings && !sent.enforce_scope_based_access) {
    const path = place.path.join('.')
    findings.warnings.push(
      `${path}.scope_mappings has no effect without ${path}.enforce_scope_based_access: true`,
    )
  }
  return makeJwtAuth(sent, keySources(reading))
}

function keySources({ lookup, findings }: Reading) {
  const listed = (name: string) =>
    (lookup(name) ?? '').split(',').flatMap((item) => item.trim() || [])
  const urls = listed('JWT_PUBLIC_KEY_URL')
  if (urls.length === 0) {
    findings.problems.push(
      'litellm_jwtauth: Missing JWT Public Key URL from environment. Set JWT_PUBLIC_KEY_URL.',
    )
  }
  for (const url of urls) checkUrl(url, findings)
  const audience = orNull(listed('JWT_AUDIENCE'))
  if (audience === null) {
    findings.warnings.push(
      'JWT_AUDIENCE is not set: tokens that the same keys signed for other services are accepted',
    )
  }
  return { urls, audience, issuer: orNull(listed('JWT_ISSUER')) }
}

function orNull(items: string[]): string[] | null {
  return items.length > 0 ? items : null
}

function checkUrl(text: string, { problems, warnings }: Findings): void {
  const url = URL.parse(text)
  const what = 'a URL such as "https://idp.example.com/.well-known/jwks.json"'
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    problems.push(`JWT_PUBLIC_KEY_URL: expected ${what}, without credentials`)
  } else if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    warnings.push(
      `JWT_PUBLIC_KEY_URL: http://${url.host} is not encrypted: who can change its answers can sign tokens`,
    )
  }
}
