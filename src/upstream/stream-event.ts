import { closing, startsWith } from './skim.ts'
import { asName, asObject, mergeUsage, readUsage, usageIn, withServiceTier } from './usage.ts'
import type { RawObject, Usage } from './usage.ts'

const QUOTE = 0x22
const COLON = 0x3a
const SPACE = 0x20
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b

const BYTES_PER_TOKEN = 4
const LONG_TOKEN_BYTES = 16
// A stream names itself in its first events (Azure's very first has an empty id).
const NAMED_EVENTS_MAX = 8

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const bytesOf = (text: string) => encoder.encode(text)
const TEXT = bytesOf('text')
const USAGE = bytesOf('usage')
const ERROR = bytesOf('error')
const DELTA = bytesOf('delta')
const CONTENT = bytesOf('content')
const CHOICES = bytesOf('choices')
const REFUSAL = bytesOf('refusal')
const REASONING = bytesOf('reasoning')
const ARGUMENTS = bytesOf('arguments')
const REASONING_CONTENT = bytesOf('reasoning_content')
const CHOICES_START = bytesOf('"choices":[{')
const KEYS = [TEXT, USAGE, ERROR, DELTA, CONTENT, CHOICES, REFUSAL, REASONING, ARGUMENTS]
const KEYS_BY_LENGTH = Array.from({ length: REASONING_CONTENT.length + 1 }, (_, length) =>
  [...KEYS, REASONING_CONTENT].filter((key) => key.length === length),
)

/** What the events of one stream add up to; most are skimmed, few are parsed. */
export class StreamFacts {
  events = 0
  errorEvent = false
  responseId: string | null = null
  responseModel: string | null = null
  #rawUsage: RawObject | null = null
  #serviceTier: string | null = null
  #choiceEvents = 0
  #textEvents = 0
  #textBytes = 0
  /** Chunks of a stream begin alike: where the last one's choices began, this one's do too. */
  #choicesAt = 0

  get usage(): Usage | null {
    return withServiceTier(readUsage(this.#rawUsage), this.#serviceTier)
  }

  /**
   * An estimate of the output for streams that report no usage: one token for each event that
   * carries choices, or the text's bytes / 4 if that is more. Text is what a model writes (content,
   * reasoning, refusals, arguments); log probabilities, filters and padding are not.
   */
  get outputTokensSeen(): number {
    return Math.max(this.#choiceEvents, Math.ceil(this.#textBytes / BYTES_PER_TOKEN))
  }

  /**
   * What was certainly written at least, for cutting a stream off. An event with text is a token,
   * but for providers that send letters one by one: hence at most bytes / 4; and few tokens are
   * longer than 16 bytes.
   */
  get outputTokensCertain(): number {
    const byEvents = Math.min(this.#textEvents, Math.floor(this.#textBytes / BYTES_PER_TOKEN))
    return Math.max(byEvents, Math.floor(this.#textBytes / LONG_TOKEN_BYTES))
  }

  /** Takes an event too large to look into. */
  skip(): void {
    this.events++
    this.#choiceEvents++
  }

  /** Takes an event's data; true if it is a usage report and nothing else. */
  read(data: Uint8Array): boolean {
    this.events++
    const skim = new Skim(
      data,
      startsWith(data, this.#choicesAt, CHOICES_START) ? this.#choicesAt : 0,
    )
    if (skim.hasChoices) this.#choiceEvents++
    this.#choicesAt = skim.choicesAt
    if (skim.textBytes > 0) this.#textEvents++
    this.#textBytes += skim.textBytes
    const isNameless = this.responseId === null && this.events <= NAMED_EVENTS_MAX
    if (!isNameless && !skim.isCandidate) return false
    return this.#readParsed(parse(data))
  }

  #readParsed(event: RawObject | null): boolean {
    if (!event) return false
    const response = asObject(event['response'])
    this.responseId ??= asName(event['id']) ?? asName(response?.['id'])
    this.responseModel ??= asName(event['model']) ?? asName(response?.['model'])
    this.#serviceTier =
      asName(event['service_tier']) ?? asName(response?.['service_tier']) ?? this.#serviceTier
    const hasError = event['error'] != null
    this.errorEvent ||= hasError
    const usage = usageIn(event)
    if (!usage) return false
    this.#rawUsage = mergeUsage(this.#rawUsage, usage)
    const choices = event['choices']
    return Array.isArray(choices) && choices.length === 0 && !hasError
  }
}

function parse(data: Uint8Array): RawObject | null {
  try {
    return asObject(JSON.parse(decoder.decode(data)))
  } catch {
    return null
  }
}

/**
 * Looks at an event's keys without parsing it. Quotes inside JSON strings are escaped, so what a model
 * writes can't pose as a key; broken JSON gives a wrong count, never an exception.
 */
class Skim {
  hasChoices = false
  /** Has a key that may be a usage or an error; only parsing tells whether it stands at its place. */
  isCandidate = false
  /** Offset of the first `choices` key with no candidate before it; 0 if there is none. */
  choicesAt = 0
  #hasDelta = false
  #writtenBytes = 0
  #reasoningBytes = 0

  constructor(data: Uint8Array, from: number) {
    for (let at = from; at < data.length; at++) {
      if (data[at] !== QUOTE) continue
      const start = at + 1
      at = closing(data, start)
      if (data[at + 1] !== COLON) continue
      const key = keyAt(data, start, at)
      if (key === CHOICES && !this.isCandidate) this.choicesAt ||= start - 1
      if (key) at = this.#take(key, data, data[at + 2] === SPACE ? at + 3 : at + 2) - 1
    }
  }

  get textBytes(): number {
    return this.#writtenBytes + this.#reasoningBytes
  }

  /** Takes the value at `at`; returns where to look for the next key. */
  #take(key: Uint8Array, data: Uint8Array, at: number): number {
    const first = data[at]
    if (first === QUOTE) {
      const end = closing(data, at + 1)
      this.#count(key, end - at - 1)
      if (key === ERROR) this.isCandidate = true
      return end + 1
    }
    if (key === USAGE || key === ERROR) this.isCandidate ||= first === OPEN_OBJECT
    else if (key === DELTA) this.#hasDelta = true
    else if (key === CHOICES && first === OPEN_ARRAY)
      this.hasChoices ||= data[at + 1] !== CLOSE_ARRAY
    return at
  }

  #count(key: Uint8Array, bytes: number): void {
    // Some providers send the same reasoning under two names, and once more as a list of texts.
    if (key === REASONING || key === REASONING_CONTENT) {
      this.#reasoningBytes = Math.max(this.#reasoningBytes, bytes)
    } else if (key === CONTENT || key === REFUSAL || key === ARGUMENTS) this.#writtenBytes += bytes
    else if (key === TEXT && !this.#hasDelta) this.#writtenBytes += bytes
  }
}

function keyAt(data: Uint8Array, start: number, end: number): Uint8Array | null {
  const keys = KEYS_BY_LENGTH[end - start]
  if (keys === undefined) return null
  for (let k = 0; k < keys.length; k++) {
    const key = keys[k]!
    if (startsWith(data, start, key)) return key
  }
  return null
}
