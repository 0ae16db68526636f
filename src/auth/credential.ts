/** LiteLLM takes a key from any of these; the first that is there counts. */
const KEY_HEADERS = [
  'authorization',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
  'x-litellm-api-key',
] as const

/** What the caller sent as their key, without its scheme; null if there is none. */
export function readCredential(headers: Headers, customHeader: string | null): string | null {
  const names = customHeader ? [customHeader, ...KEY_HEADERS] : KEY_HEADERS
  for (const name of names) {
    const value = headers.get(name)?.trim()
    if (value) return withoutScheme(value)
  }
  return null
}

function withoutScheme(value: string): string {
  const [, scheme = '', rest = ''] = /^(bearer|basic)\s+(.*)$/i.exec(value) ?? []
  if (scheme.toLowerCase() !== 'basic') return scheme ? rest : value
  try {
    const [user = '', password = ''] = atob(rest).split(':')
    return password || user
  } catch {
    return rest
  }
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
export async function isSameSecret(given: string, expected: string): Promise<boolean> {
  const encoder = new TextEncoder()
  const [left, right] = await Promise.all(
    [given, expected].map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))),
  )
  if (!left || !right) return false
  return crypto.subtle.timingSafeEqual(left, right)
}
