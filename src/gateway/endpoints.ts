/** The OpenAI-compatible calls that are relayed, and what each is called where. */
export interface Endpoint {
  /** Below the provider's base URL, and in LiteLLM's messages. */
  readonly path: '/chat/completions' | '/completions' | '/embeddings' | '/responses'
  /** LiteLLM's `call_type` in log rows. */
  readonly callType: 'acompletion' | 'atext_completion' | 'aembedding' | 'aresponses'
  readonly hasOutput: boolean
}

export const ENDPOINTS: readonly Endpoint[] = [
  { path: '/chat/completions', callType: 'acompletion', hasOutput: true },
  { path: '/completions', callType: 'atext_completion', hasOutput: true },
  { path: '/embeddings', callType: 'aembedding', hasOutput: false },
  { path: '/responses', callType: 'aresponses', hasOutput: true },
]
