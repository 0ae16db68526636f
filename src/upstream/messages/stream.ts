import { createParser } from 'eventsource-parser'
import { listOf } from '../anthropic/fields.ts'
import { asName, asObject, mergeUsage, type RawObject, usageIn } from '../usage.ts'
import { messageUsage, stopReason, textIn } from './answer.ts'
import { anthropicError, messageOf, statusOf } from './errors.ts'
import { BrokenToolCall, type Event, StreamBlocks } from './stream-blocks.ts'
import type { StreamTranslator } from './translation.ts'

/** No provider's event is larger; one that is can't be translated. */
const EVENT_MAX_CHARS = 8 * 1024 * 1024
const DONE = '[DONE]'

const encoder = new TextEncoder()

/** The events of an OpenAI chat as those of Anthropic's API, while they pass. */
export class MessagesStream implements StreamTranslator {
  readonly #decoder = new TextDecoder()
  readonly #parser = createParser({
    maxBufferSize: EVENT_MAX_CHARS,
    onEvent: ({ data }) => void this.#said.push(...this.#read(data)),
    onError: ({ type }) => {
      if (type !== 'max-buffer-size-exceeded') return
      this.#said.push(...this.#fail(502, 'The provider sent too large an event.'))
    },
  })
  readonly #blocks = new StreamBlocks()
  /** What the bytes under work came to. */
  #said: Event[] = []
  #state: 'before' | 'open' | 'ended' = 'before'
  #finish: unknown = null
  #refused = false
  #usage: RawObject | null = null

  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#state !== 'ended') this.#parser.feed(this.#decoder.decode(chunk, { stream: true }))
    return this.#takeSaid()
  }

  /** A stream that said neither how it finished nor that it did broke off. */
  end(): readonly Uint8Array[] {
    this.#parser.feed(`${this.#decoder.decode()}\n\n`)
    if (this.#state !== 'ended') {
      const isCut = this.#finish === null
      const last = isCut ? this.#fail(502, 'The provider broke off the stream.') : this.#stop()
      this.#said.push(...last)
    }
    return this.#takeSaid()
  }

  #takeSaid(): readonly Uint8Array[] {
    const events = this.#said.map(encodeEvent)
    this.#said = []
    return events
  }

  #read(data: string): Event[] {
    if (this.#state === 'ended') return []
    if (data.trim() === DONE) return this.#stop()
    const event = parse(data)
    if (!event) return this.#fail(502, 'The provider sent an event that is no JSON.')
    const { error } = event
    if (error != null) {
      return this.#fail(statusOf(error), messageOf(event) ?? 'The provider broke off the stream.')
    }
    try {
      return this.#readChunk(event)
    } catch (broken) {
      if (!(broken instanceof BrokenToolCall)) throw broken
      return this.#fail(502, `The provider ${broken.message}.`)
    }
  }

  #readChunk(event: RawObject): Event[] {
    const usage = usageIn(event)
    if (usage) this.#usage = mergeUsage(this.#usage, usage)
    const choice = listOf(event['choices'])
      .map(asObject)
      .find((each) => (each?.['index'] ?? 0) === 0)
    if (!choice) return []
    const events = this.#state === 'before' ? [this.#start(event)] : []
    this.#finish = choice['finish_reason'] ?? this.#finish
    return [...events, ...this.#readDelta(asObject(choice['delta']) ?? {})]
  }

  #readDelta(delta: RawObject): Event[] {
    const thought = asName(delta['reasoning_content']) ?? asName(delta['reasoning'])
    const text = textIn(delta['content'])
    const refusal = asName(delta['refusal'])
    if (refusal !== null) this.#refused = true
    return [
      ...(thought === null ? [] : this.#blocks.say('thinking', thought)),
      ...(text ? this.#blocks.say('text', text) : []),
      ...(refusal === null ? [] : this.#blocks.say('text', refusal)),
      ...listOf(delta['tool_calls']).flatMap((call, at) =>
        this.#readCall(asObject(call) ?? {}, at),
      ),
    ]
  }

  #readCall(call: RawObject, at: number): Event[] {
    const { name, arguments: text } = asObject(call['function']) ?? {}
    return this.#blocks.call({
      place: call['index'] ?? at,
      id: asName(call['id']) ?? '',
      name: asName(name) ?? '',
      text: typeof text === 'string' ? text : '',
    })
  }

  #start(event: RawObject): Event {
    this.#state = 'open'
    return {
      type: 'message_start',
      message: {
        id: asName(event['id']) ?? `msg_${crypto.randomUUID()}`,
        type: 'message',
        role: 'assistant',
        model: asName(event['model']) ?? '',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        // What was used is known at the end only, and stands there.
        usage: messageUsage(null),
      },
    }
  }

  #stop(): Event[] {
    if (this.#state === 'before') return this.#fail(502, 'The provider said nothing.')
    this.#state = 'ended'
    const { calledTools } = this.#blocks
    const reason = stopReason(this.#finish, { calledTools, refused: this.#refused })
    return [
      ...this.#blocks.end(),
      {
        type: 'message_delta',
        delta: { stop_reason: reason, stop_sequence: null },
        usage: messageUsage(this.#usage),
      },
      { type: 'message_stop' },
    ]
  }

  /** The last that the client hears: what comes after it is for the books alone. */
  #fail(status: number, message: string): Event[] {
    if (this.#state === 'ended') return []
    this.#state = 'ended'
    return [{ ...anthropicError({ status, message }) }]
  }
}

/** As Anthropic sends events: clients go by the name on the first line. */
export function encodeEvent(event: Event): Uint8Array {
  return encoder.encode(`event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
}

function parse(data: string): RawObject | null {
  try {
    return asObject(JSON.parse(data))
  } catch {
    return null
  }
}
