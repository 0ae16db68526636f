import { sha256Hex } from '../ids.ts'

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

const encoder = new TextEncoder()

/** A secret of ours, hashed once for all requests; these share the value, never its promise. */
export class Secret {
  readonly #text: string
  #hash: Uint8Array | null = null

  constructor(text: string) {
    this.#text = text
  }

  /** Whether what was given has the secret's hash; neither content nor length shows in the time. */
  async isHashedAs(sha256: string): Promise<boolean> {
    this.#hash ??= encoder.encode(await sha256Hex(this.#text))
    const given = encoder.encode(sha256)
    return given.length === this.#hash.length && crypto.subtle.timingSafeEqual(given, this.#hash)
  }
}
