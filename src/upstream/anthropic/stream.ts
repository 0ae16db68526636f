import { createParser } from 'eventsource-parser'
import { ChunkWriter } from './chunks.ts'

/** A line, or an event of several, that is longer breaks the stream. */
const EVENT_MAX_CHARS = 1024 * 1024

/**
 * Anthropic's event stream as OpenAI's, an event at a time. Ends well only if Anthropic's did, or
 * with the error that it told: anything else errors, so that nobody takes half an answer for one.
 */
export function toChunkStream(nowMs: number): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  const chunks = new ChunkWriter(nowMs)
  let out = ''
  const parser = createParser({
    maxBufferSize: EVENT_MAX_CHARS,
    onEvent: ({ data }) => {
      if (data.length > EVENT_MAX_CHARS) throw tooLong()
      out += chunks.take(parsed(data))
    },
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') throw tooLong()
    },
  })
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      parser.feed(decoder.decode(bytes, { stream: true }))
      if (out !== '') controller.enqueue(encoder.encode(out))
      out = ''
    },
    flush() {
      if (!chunks.isOver) throw new Error('the stream ended before its message did')
    },
  })
}

function tooLong(): Error {
  return new Error(`an event longer than ${EVENT_MAX_CHARS} characters`)
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    throw new Error('an event that is not JSON')
  }
}
