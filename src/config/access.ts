import type { Lookup } from './environment.ts'
import type { PublicKeySettings } from './jwt/jwt-auth.ts'
import type { Findings } from './problems.ts'

const KEYS_TTL_MS = 600_000
const DOMAIN = 'CF_ACCESS_TEAM_DOMAIN'
const AUD = 'CF_ACCESS_AUD'

interface Reading {
  readonly lookup: Lookup
  readonly findings: Findings
  readonly isDev: boolean
}

/** How Cloudflare Access vouches for who opens the admin pages; null: nobody is known by it. */
export function parseAccess({ lookup, findings, isDev }: Reading): PublicKeySettings | null {
  const [domain, aud] = [lookup(DOMAIN)?.trim(), lookup(AUD)?.trim()]
  if (!domain && !aud) return null
  if (!domain || !aud) {
    findings.problems.push(
      `${domain ? AUD : DOMAIN}: expected together with ${domain ? DOMAIN : AUD}`,
    )
    return null
  }
  const issuer = issuerOf(domain, isDev)
  const audience = aud.split(',').flatMap((one) => one.trim() || [])
  if (issuer === null || audience.length === 0) {
    const wrong = issuer === null ? `${DOMAIN}: expected one` : `${AUD}: expected a tag`
    findings.problems.push(`${wrong} such as ${issuer === null ? EXAMPLE : 'the application’s'}`)
    return null
  }
  const urls = [`${issuer}/cdn-cgi/access/certs`]
  return { urls, ttlMs: KEYS_TTL_MS, audience, issuer: [issuer] }
}

const EXAMPLE = '"https://my-team.cloudflareaccess.com"'

/** An origin, or a host. Null: neither. */
function issuerOf(domain: string, isDev: boolean): string | null {
  const url = URL.parse(domain.includes('://') ? domain : `https://${domain}`)
  const isSafe = url?.protocol === 'https:' || (isDev && url?.protocol === 'http:')
  const isBare = url?.pathname === '/' && url.search === '' && url.username === ''
  return url && isSafe && isBare ? url.origin : null
}
