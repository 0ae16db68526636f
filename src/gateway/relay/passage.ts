import { messagesDialect } from '../../upstream/messages/message-facts.ts'
import { openAiDialect, StreamTap } from '../../upstream/stream-tap.ts'
import type { Call } from '../call.ts'

/** The way of a stream's bytes to the client: read by the tap, then translated where that is due. */
export interface Passage {
  readonly tap: StreamTap
  /** Takes the provider's next bytes and returns the client's. */
  readonly push: (chunk: Uint8Array) => readonly Uint8Array[]
  /** What waited for the end. */
  readonly end: () => readonly Uint8Array[]
}

export function passageFor({ wire, body }: Pick<Call, 'wire' | 'body'>): Passage {
  if (wire.kind !== 'translated') {
    const isNative = wire.kind === 'native'
    const hideUsage = !isNative && body.streamOptions?.['include_usage'] !== true
    const dialect = isNative ? messagesDialect() : openAiDialect()
    const tap = new StreamTap({ hideUsage, dialect })
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
