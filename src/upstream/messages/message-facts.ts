import { asObject, type RawObject } from '../raw.ts'
import type { EventFacts, StreamDialect } from '../stream-tap.ts'
import { asName, mergeUsage, readUsage, type Usage } from '../usage.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const BYTES_PER_TOKEN = 4
const LONG_TOKEN_BYTES = 16

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const TYPE_AT = '{"type":'.length
const DELTA = encoder.encode('"content_block_delta"')
/** Where a model's own words are in a delta: text, the arguments of tools, thoughts. */
const WORDS = ['"text":', '"partial_json":', '"thinking":'].map((key) => encoder.encode(key))

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
  /** Where the last delta's words had their key. */
  #keyAt = 0

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
    if (startsWith(data, TYPE_AT, DELTA)) this.#countDelta(data)
    else this.#readOther(parse(data))
    return false
  }

  #countDelta(data: Uint8Array): void {
    // Deltas of one block begin alike: the key is where it was.
    let length = keyLength(data, this.#keyAt)
    if (length === 0) {
      this.#keyAt = findKey(data, TYPE_AT + DELTA.length)
      if (this.#keyAt === 0) return
      length = keyLength(data, this.#keyAt)
    }
    const colonEnd = this.#keyAt + length
    const value = data[colonEnd] === SPACE ? colonEnd + 1 : colonEnd
    if (data[value] === QUOTE) this.#count(closing(data, value + 1) - value - 1)
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

/** Offset of the first key from `at` on that words stand under; 0: there is none. */
function findKey(data: Uint8Array, at: number): number {
  const end = data.length
  for (; at < end; at++) {
    if (data[at] !== QUOTE) continue
    if (keyLength(data, at) > 0) return at
    at = closing(data, at + 1)
  }
  return 0
}

/**
 * How long the key is, with its colon, that begins there and has words under it; 0: none does. Quotes
 * inside strings are escaped, so what a model writes can't pose as one.
 */
function keyLength(data: Uint8Array, at: number): number {
  for (const key of WORDS) if (startsWith(data, at, key)) return key.length
  return 0
}

/** Offset of the quote that closes the string that begins there, or of the data's end. */
function closing(data: Uint8Array, at: number): number {
  const end = data.length
  while (at < end) {
    const byte = data[at]
    if (byte === QUOTE) return at
    at += byte === BACKSLASH ? 2 : 1
  }
  return end
}

function startsWith(data: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (data[at + i] !== prefix[i]) return false
  return true
}

function parse(data: Uint8Array): RawObject | null {
  try {
    return asObject(JSON.parse(decoder.decode(data)))
  } catch {
    return null
  }
}
