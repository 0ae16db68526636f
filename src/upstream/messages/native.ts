import { badRequest } from '../../errors.ts'
import { fieldsOf } from '../anthropic/fields.ts'
import { messagesHeaders, messagesUrl } from '../anthropic/send.ts'
import { fitThinking } from '../anthropic/thinking.ts'
import { DROPPED } from '../dropped.ts'
import { type JsonObject, readMember, spliceMembers } from '../json-members.ts'

/** What a client of Anthropic's says beside its body. */
export interface NativeRequest {
  readonly version: string | null
  readonly betas: string | null
}

const VERSION = /^\d{4}-\d{2}-\d{2}$/
const BETAS = /^[\w.,: -]{1,2048}$/
/** Priced otherwise than the list says: nobody's budget could hold. */
const STANDARD: Readonly<Record<string, readonly unknown[]>> = {
  speed: ['standard'],
  inference_geo: ['global'],
}

interface Asked {
  readonly bytes: Uint8Array
  readonly object: JsonObject
}

/** Throws a 400 that names what can't be asked. */
export function toNative({ bytes, object, headers }: Asked & { readonly headers: Headers }) {
  for (const [name, known] of Object.entries(STANDARD)) {
    const value = readMember(bytes, object, name) ?? null
    if (value === null || known.includes(value)) continue
    throw badRequest(`${name}: only ${JSON.stringify(known[0])} has a price here`, name)
  }
  return {
    version: readHeader(headers, 'anthropic-version', VERSION),
    betas: readHeader(headers, 'anthropic-beta', BETAS),
  }
}

function readHeader(headers: Headers, name: string, pattern: RegExp): string | null {
  const value = headers.get(name)
  if (value === null) return null
  if (!pattern.test(value)) throw badRequest(`${name}: expected what Anthropic documents`, name)
  return value
}

interface Target {
  readonly apiBase: string
  readonly apiKey: string | null
  readonly model: string
}

interface Sent extends Asked {
  readonly request: NativeRequest
  readonly stream: boolean
  /** The cap that must hold; null: as the client asked. */
  readonly outputTokens: number | null
}

/** Sends the client's own bytes, but for the members that we own. */
export function sendNative(target: Target, sent: Sent, signal: AbortSignal): Promise<Response> {
  return post(target, { ...sent, url: messagesUrl(target.apiBase) }, signal)
}

/** Asks what a request would come to; free of charge. */
export function sendTokenCount(
  target: Target,
  asked: Asked & { readonly request: NativeRequest },
  signal: AbortSignal,
): Promise<Response> {
  const url = `${messagesUrl(target.apiBase)}/count_tokens`
  return post(target, { ...asked, stream: false, outputTokens: null, url }, signal)
}

function post(
  target: Target,
  sent: Sent & { readonly url: string },
  signal: AbortSignal,
): Promise<Response> {
  const { version, betas } = sent.request
  return fetch(sent.url, {
    method: 'POST',
    headers: {
      ...messagesHeaders(target.apiKey, sent.stream),
      ...(version !== null && { 'anthropic-version': version }),
      ...(betas !== null && { 'anthropic-beta': betas }),
    },
    body: editNative(target.model, sent),
    redirect: 'manual',
    signal,
  })
}

/** The client's body as Anthropic gets it. */
export function editNative(
  model: string,
  { bytes, object, outputTokens }: Pick<Sent, 'bytes' | 'object' | 'outputTokens'>,
): Uint8Array {
  const edits: Record<string, string | null> = { model: JSON.stringify(model) }
  for (const name of DROPPED) if (object.members.has(name)) edits[name] = null
  if (outputTokens !== null) {
    edits['max_tokens'] = String(outputTokens)
    const asked = fieldsOf(readMember(bytes, object, 'thinking'))
    const { thinking } = fitThinking({ thinking: asked }, outputTokens)
    if (thinking === undefined) edits['thinking'] = null
    else if (thinking !== asked) edits['thinking'] = JSON.stringify(thinking)
  }
  return spliceMembers(bytes, object, edits)
}
