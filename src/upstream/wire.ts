import type { Deployment } from '../config/config.ts'
import { badRequest } from '../errors.ts'
import { type MessagesDraft, toMessagesDraft } from './anthropic/request.ts'
import type { JsonObject } from './json-members.ts'
import { type NativeRequest, toNative } from './messages/native.ts'
import { messagesAsChat } from './messages/translate.ts'
import type { Translation } from './messages/translation.ts'
import { providerFor } from './providers.ts'

/** Whose API a client speaks. */
export type Dialect = 'openai' | 'anthropic'

/** How a call goes from its client's API to its provider's, and the answer back. */
export type Wire =
  /** Both speak OpenAI's: the client's bytes. */
  | { readonly kind: 'openai' }
  /** Both speak Anthropic's: the client's bytes. */
  | { readonly kind: 'native'; readonly request: NativeRequest }
  /** A chat for Anthropic; `send` brings the answer back as a chat's. */
  | { readonly kind: 'draft'; readonly draft: MessagesDraft }
  /** Messages for a provider that speaks OpenAI's; the relay translates what comes back. */
  | { readonly kind: 'translated'; readonly translation: Translation }

export interface Spoken {
  readonly dialect: Dialect
  readonly path: string
  readonly bytes: Uint8Array
  readonly object: JsonObject
  /** The client's. */
  readonly headers: Headers
}

const decoder = new TextDecoder()

/**
 * Decided before money is held, so that what can't be said to the provider is refused free of
 * charge. The bytes are valid JSON. Throws a 400 that names the field.
 */
export function wireFor(deployment: Deployment, spoken: Spoken): Wire {
  const { dialect, path, bytes } = spoken
  const provider = providerFor(deployment)
  const speaks = deployment.mockResponse === null ? provider.wire : 'openai'
  if (dialect === 'anthropic') {
    if (speaks === 'anthropic') return { kind: 'native', request: toNative(spoken) }
    return { kind: 'translated', translation: messagesAsChat(bytes, provider.outputCap) }
  }
  if (speaks === 'openai') return { kind: 'openai' }
  if (path === '/chat/completions') {
    return { kind: 'draft', draft: toMessagesDraft(JSON.parse(decoder.decode(bytes)), deployment) }
  }
  const name = deployment.group.slice(0, 256)
  throw badRequest(`${path} is not available for this model: ${name}`, 'model')
}
