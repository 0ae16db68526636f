import type { Deployment } from '../config/config.ts'
import { spliceMembers } from './json-members.ts'
import type { JsonObject } from './json-members.ts'
import { mockAnswer } from './mock.ts'
import { capEdits } from './output-cap.ts'
import { providerOf } from './providers.ts'

/** Members that steer LiteLLM or could redirect a call; they never reach a provider. */
const DROPPED = [
  'api_base',
  'base_url',
  'api_key',
  'api_version',
  'mock_response',
  'mock_testing_fallbacks',
  'fallbacks',
  'num_retries',
  'litellm_metadata',
  'litellm_call_id',
  'litellm_session_id',
  'tags',
  'guardrails',
  'caching',
  'cache',
  'no-log',
  'drop_params',
  'additional_drop_params',
  'user_config',
  'timeout',
  'stream_timeout',
  'ttl',
  'mock_timeout',
  'mock_tool_calls',
  'custom_llm_provider',
] as const

export interface Outgoing {
  readonly path: string
  readonly bytes: Uint8Array
  readonly object: JsonObject
  readonly stream: boolean
  readonly streamOptions: Readonly<Record<string, unknown>> | null
  /** The output cap that must hold; null: as the client asked. */
  readonly outputTokens: number | null
  readonly nowMs: number
}

/** Sends the request: the client's bytes, but for the members that we own. */
export async function send(
  deployment: Deployment,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<Response> {
  const { path, stream, nowMs } = outgoing
  if (deployment.mockResponse !== null) {
    const { model, mockResponse: text } = deployment
    return mockAnswer({ path, model, text, stream, nowMs })
  }
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: stream ? 'text/event-stream' : 'application/json',
    'user-agent': 'tollgate',
  }
  if (deployment.apiKey !== null) headers['authorization'] = `Bearer ${deployment.apiKey}`
  return fetch(deployment.apiBase + path, {
    method: 'POST',
    headers,
    body: editBody(deployment, outgoing),
    redirect: 'manual',
    signal,
  })
}

/** The client's body as the provider gets it. */
export function editBody(deployment: Deployment, outgoing: Outgoing): Uint8Array {
  const edits: Record<string, string | null> = { model: JSON.stringify(deployment.model) }
  for (const name of DROPPED) if (outgoing.object.members.has(name)) edits[name] = null
  const provider = providerOf(deployment.provider)
  if (outgoing.outputTokens !== null) {
    Object.assign(edits, capEdits(provider, outgoing, outgoing.outputTokens))
  }
  if (outgoing.path === '/responses') {
    // It refuses to be asked for the usage, and always tells it.
    const { include_usage: _, ...options } = outgoing.streamOptions ?? {}
    if (outgoing.object.members.has('stream_options')) {
      edits['stream_options'] = Object.keys(options).length > 0 ? JSON.stringify(options) : null
    }
  } else if (provider.streamUsage !== 'ask') {
    if (outgoing.object.members.has('stream_options')) edits['stream_options'] = null
  } else if (outgoing.stream) {
    const options = { ...outgoing.streamOptions, include_usage: true }
    edits['stream_options'] = JSON.stringify(options)
  }
  return spliceMembers(outgoing.bytes, outgoing.object, edits)
}
