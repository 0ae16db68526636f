/** Where calls may go, and with them a provider's key. */
export interface HostPolicy {
  /** `npm start` and tests, where providers run next door. */
  readonly isDev: boolean
  /** `general_settings.allowed_api_base_hosts`: a host, or a host and its port. */
  readonly allowedHosts: readonly string[]
}

const PRIVATE_NAME =
  /^localhost$|\.(?:localhost|local|internal|localdomain|lan|intranet|home\.arpa)$/
const PERMIT = 'list it in general_settings.allowed_api_base_hosts if that is meant'

/** What stands against calling this URL from a deployed Worker. Null: nothing. */
export function apiBaseProblem(
  apiBase: string,
  { isDev, allowedHosts }: HostPolicy,
): string | null {
  // Parsing also turns odd notations, such as 0x7f.1 and 2130706433, into plain addresses.
  const url = new URL(apiBase)
  const name = url.hostname.replace(/\.$/, '').toLowerCase()
  const isAllowed = allowedHosts.some((host) => [name, url.host].includes(host.toLowerCase()))
  if (isDev || isAllowed) return null
  if (isPrivate(name)) return `"${url.host}" is a private address: ${PERMIT}`
  if (url.protocol !== 'https:') return `expected https, as a key travels to it: ${PERMIT}`
  return null
}

function isPrivate(name: string): boolean {
  if (name.startsWith('[')) return !isPublicV6(name.slice(1, -1))
  if (/^\d+(?:\.\d+){3}$/.test(name)) return isPrivateV4(name.split('.').map(Number))
  return PRIVATE_NAME.test(name)
}

function isPrivateV4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true
  if (a === 100) return b >= 64 && b <= 127
  if (a === 169) return b === 254
  if (a === 172) return b >= 16 && b <= 31
  if (a === 198) return b === 18 || b === 19
  return a === 192 && (b === 168 || (b === 0 && c === 0))
}

// 2000::/3 is what is routed; 2002:: and 2001:0: carry an IPv4 address within.
function isPublicV6(address: string): boolean {
  return /^[23][0-9a-f]{3}:/.test(address) && !/^2002:|^2001:(?:0:|:)/.test(address)
}
