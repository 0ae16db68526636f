import { readMember } from './json-members.ts'
import type { JsonObject } from './json-members.ts'
import type { Provider } from './providers.ts'

/** Every name under which clients cap an answer's length. */
export const OUTPUT_CAPS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const

/** Anthropic's API has one, and providers never see the others of its clients. */
export const MESSAGES_CAPS = ['max_tokens'] as const

/**
 * Edits that make the provider cut its answer at so many tokens: each cap that the client sent is
 * set to it. If none of them caps this kind of call, the provider's own is added; null is no cap.
 */
export function capEdits(
  provider: Pick<Provider, 'outputCap'>,
  request: { readonly path: string; readonly bytes: Uint8Array; readonly object: JsonObject },
  tokens: number,
): Record<string, string> {
  const { path, bytes, object } = request
  const sent = OUTPUT_CAPS.filter((name) => (readMember(bytes, object, name) ?? null) !== null)
  const own = ownCap(provider, path)
  // The last of them belongs to the Responses API, and is ignored elsewhere, as the others are there.
  const isCap = (name: string) => (name === 'max_output_tokens') === (own === 'max_output_tokens')
  const caps = sent.some(isCap) ? sent : [...sent, own]
  return Object.fromEntries(caps.map((name) => [name, String(tokens)]))
}

function ownCap({ outputCap }: Pick<Provider, 'outputCap'>, path: string): string {
  if (path === '/responses') return 'max_output_tokens'
  return path === '/chat/completions' ? outputCap : 'max_tokens'
}
