import { asObject, type RawObject } from '../raw.ts'
import type { EventFacts, StreamDialect } from '../stream-tap.ts'
import { asName, mergeUsage, readUsage, type Usage } from '../usage.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const BYTES_PER_TOKEN = 4
const LONG_TOKEN_BYTES = 16

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const DELTA_STARTS = ['{"type":"content_block_delta"', '{"type": "content_block_delta"'].map(
  (text) => encoder.encode(text),
)
/** Where a model's own words are in a delta: text, the arguments of tools, thoughts. */
const WORDS = ['text', 'partial_json', 'thinking'].map((name) => encoder.encode(name))

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
    if (DELTA_STARTS.some((start) => startsWith(data, 0, start))) this.#count(wordBytes(data))
    else this.#readParsed(parse(data))
    return false
  }

  #count(bytes: number): void {
    if (bytes > 0) this.#textEvents++
    this.#textBytes += bytes
  }

  #readParsed(event: RawObject | null): void {
    if (!event) return
    const message = asObject(event['message'])
    this.responseId ??= asName(message?.['id'])
    this.responseModel ??= asName(message?.['model'])
    const usage = asObject(event['usage']) ?? asObject(message?.['usage'])
    if (usage) this.#rawUsage = mergeUsage(this.#rawUsage, usage)
    if (event['error'] != null) this.errorEvent = true
  }
}

/** Bytes of the words in a delta. Quotes inside strings are escaped, so no words can pose as a key. */
function wordBytes(data: Uint8Array): number {
  for (let open = data.indexOf(QUOTE); open >= 0;) {
    const close = closing(data, open + 1)
    if (data[close + 1] === COLON && isWord(data, open + 1, close)) {
      const start = data.indexOf(QUOTE, close + 1)
      return start < 0 ? 0 : closing(data, start + 1) - start - 1
    }
    open = data.indexOf(QUOTE, close + 1)
  }
  return 0
}

const isWord = (data: Uint8Array, start: number, end: number) =>
  WORDS.some((word) => word.length === end - start && startsWith(data, start, word))

/** Offset of the quote that closes the string that begins there, or of the data's end. */
function closing(data: Uint8Array, start: number): number {
  let at = data.indexOf(QUOTE, start)
  while (at >= 0 && isEscaped(data, at)) at = data.indexOf(QUOTE, at + 1)
  return at < 0 ? data.length : at
}

function isEscaped(data: Uint8Array, at: number): boolean {
  let slashes = 0
  while (data[at - 1 - slashes] === BACKSLASH) slashes++
  return slashes % 2 === 1
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
