import { messagesDialect } from '../../upstream/messages/message-facts.ts'
import { redactKey } from '../../upstream/redact.ts'
import { ResponsesTap } from '../../upstream/responses-tap.ts'
import { openAiDialect, StreamTap } from '../../upstream/stream-tap.ts'
import type { Call } from '../call.ts'

export type Tap = StreamTap | ResponsesTap

/** The way of a stream's bytes to the client: read by the tap, then translated where that is due. */
export interface Passage {
  readonly tap: Tap
  /** Takes the provider's next bytes and returns the client's. */
  readonly push: (chunk: Uint8Array) => readonly Uint8Array[]
  /** What waited for the end. */
  readonly end: () => readonly Uint8Array[]
}

export function passageFor(call: Call): Passage {
  const { tap, push, end } = passageOf(call)
  // Some quote the key in what they say of an error.
  const clean = (pieces: readonly Uint8Array[]) =>
    tap.errorEvent ? pieces.map((piece) => redactKey(piece, call.deployment.apiKey)) : pieces
  return { tap, push: (chunk) => clean(push(chunk)), end: () => clean(end()) }
}

function passageOf(call: Call): Passage {
  const { wire } = call
  if (wire.kind !== 'translated') {
    const tap = tapFor(call)
    return { tap, push: (chunk) => tap.push(chunk), end: () => tap.end() }
  }
  const tap = new StreamTap({ hideUsage: false })
  const translator = wire.translation.stream()
  return {
    tap,
    push: (chunk) => tap.push(chunk).flatMap((piece) => translator.push(piece)),
    end: () => [...tap.end().flatMap((piece) => translator.push(piece)), ...translator.end()],
  }
}

function tapFor({ wire, endpoint, body }: Call): Tap {
  if (endpoint.path === '/responses') return new ResponsesTap()
  if (wire.kind === 'native') return new StreamTap({ hideUsage: false, dialect: messagesDialect() })
  const hideUsage = body.streamOptions?.['include_usage'] !== true
  return new StreamTap({ hideUsage, dialect: openAiDialect() })
}
