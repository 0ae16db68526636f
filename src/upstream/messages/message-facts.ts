import { asObject, type RawObject } from '../raw.ts'
import { startsWith, TextUnder } from '../skim.ts'
import type { EventFacts, StreamDialect } from '../stream-tap.ts'
import { asName, mergeUsage, readUsage, type Usage } from '../usage.ts'

const BYTES_PER_TOKEN = 4
const LONG_TOKEN_BYTES = 16

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const TYPE_AT = '{"type":'.length
const DELTA = encoder.encode('"content_block_delta"')

/** Reads what passes of Anthropic's event streams. */
export const messagesDialect = (): StreamDialect => ({
  facts: new MessageFacts(),
  endMark: ['event:', 'message_stop'],
})

/** What the events of one message add up to. Its deltas, nearly all of them, are skimmed. */
export class MessageFacts implements EventFacts {
  events = 0
  errorEvent = false
  responseId: string | null = null
  responseModel: string | null = null
  #rawUsage: RawObject | null = null
  #textEvents = 0
  #textBytes = 0
  /** Where a model's own words are in a delta: text, the arguments of tools, thoughts. */
  readonly #words = new TextUnder('text', 'partial_json', 'thinking')

  /** Of `message_start` and `message_delta`, whose counts are running totals. */
  get usage(): Usage | null {
    return readUsage(this.#rawUsage)
  }

  /** For streams that were cut: a token for each event with text, or its bytes / 4 if more. */
  get outputTokensSeen(): number {
    return Math.max(this.#textEvents, Math.ceil(this.#textBytes / BYTES_PER_TOKEN))
  }

  /** What was certainly written at least: few tokens are longer than 16 bytes. */
  get outputTokensCertain(): number {
    const byEvents = Math.min(this.#textEvents, Math.floor(this.#textBytes / BYTES_PER_TOKEN))
    return Math.max(byEvents, Math.floor(this.#textBytes / LONG_TOKEN_BYTES))
  }

  skip(): void {
    this.events++
    this.#textEvents++
  }

  read(data: Uint8Array): boolean {
    this.events++
    if (startsWith(data, TYPE_AT, DELTA))
      this.#count(this.#words.bytesIn(data, TYPE_AT + DELTA.length))
    else this.#readOther(parse(data))
    return false
  }

  #count(bytes: number): void {
    if (bytes > 0) this.#textEvents++
    this.#textBytes += bytes
  }

  #readOther(event: RawObject | null): void {
    if (!event) return
    const message = asObject(event['message'])
    this.responseId ??= asName(message?.['id'])
    this.responseModel ??= asName(message?.['model'])
    const usage = asObject(event['usage']) ?? asObject(message?.['usage'])
    if (usage) this.#rawUsage = mergeUsage(this.#rawUsage, usage)
    if (event['error'] != null) this.errorEvent = true
    // A delta whose members stand in another order.
    const delta = asObject(event['delta'])
    const words = [delta?.['text'], delta?.['partial_json'], delta?.['thinking']]
    const text = words.find((word) => typeof word === 'string')
    if (text !== undefined) this.#count(encoder.encode(text).length)
  }
}

function parse(data: Uint8Array): RawObject | null {
  try {
    return asObject(JSON.parse(decoder.decode(data)))
  } catch {
    return null
  }
}
