import type { Dialect } from '../upstream/wire.ts'

/** The calls that are relayed, and what each is called where. */
export interface Endpoint {
  /** Below the provider's base URL, and in LiteLLM's messages. */
  readonly path: '/chat/completions' | '/completions' | '/embeddings' | '/messages' | '/responses'
  /** LiteLLM's `call_type` in log rows. */
  readonly callType:
    'acompletion' | 'atext_completion' | 'aembedding' | 'anthropic_messages' | 'aresponses'
  readonly hasOutput: boolean
  readonly dialect: Dialect
}

/** Anthropic's own API. */
export const MESSAGES: Endpoint = {
  path: '/messages',
  callType: 'anthropic_messages',
  hasOutput: true,
  dialect: 'anthropic',
}

export const ENDPOINTS: readonly Endpoint[] = [
  { path: '/chat/completions', callType: 'acompletion', hasOutput: true, dialect: 'openai' },
  { path: '/completions', callType: 'atext_completion', hasOutput: true, dialect: 'openai' },
  { path: '/embeddings', callType: 'aembedding', hasOutput: false, dialect: 'openai' },
  MESSAGES,
  { path: '/responses', callType: 'aresponses', hasOutput: true, dialect: 'openai' },
]

/** Whether a route's clients know Anthropic's errors only. */
export function speaksAnthropic(path: string): boolean {
  return /^(?:\/v1)?\/messages(?:\/|$)/.test(path)
}
