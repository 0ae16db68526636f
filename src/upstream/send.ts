import type { Deployment } from '../config/config.ts'
import { sendMessages } from './anthropic/send.ts'
import { DROPPED } from './dropped.ts'
import { spliceMembers } from './json-members.ts'
import type { JsonObject } from './json-members.ts'
import { sendNative } from './messages/native.ts'
import { mockAnswer } from './mock.ts'
import { capEdits } from './output-cap.ts'
import { providerFor, urlOf } from './providers.ts'
import type { Wire } from './wire.ts'

export interface Outgoing {
  readonly path: string
  readonly bytes: Uint8Array
  readonly object: JsonObject
  readonly stream: boolean
  readonly streamOptions: Readonly<Record<string, unknown>> | null
  /** The output cap that must hold; null: as the client asked. */
  readonly outputTokens: number | null
  readonly nowMs: number
  readonly wire: Wire
}

/** Sends the request: the client's bytes, but for the members that we own. */
export async function send(
  deployment: Deployment,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<Response> {
  const { path, stream, nowMs, wire } = outgoing
  if (deployment.mockResponse !== null) {
    const { model, mockResponse: text } = deployment
    return mockAnswer({ path, model, text, stream, nowMs })
  }
  if (wire.kind === 'draft') {
    return sendMessages(deployment, { ...outgoing, draft: wire.draft }, signal)
  }
  if (wire.kind === 'native') {
    return sendNative(deployment, { ...outgoing, request: wire.request }, signal)
  }
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: stream ? 'text/event-stream' : 'application/json',
    'user-agent': 'tollgate',
  }
  const { auth } = providerFor(deployment)
  if (deployment.apiKey !== null) {
    if (auth === 'bearer') headers['authorization'] = `Bearer ${deployment.apiKey}`
    else headers[auth] = deployment.apiKey
  }
  return fetch(urlOf(deployment, path), {
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
  const provider = providerFor(deployment)
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
