import { Carry } from './carry.ts'
import { lastUsage } from './responses-usage.ts'
import { startsWith, TextUnder } from './skim.ts'
import {
  asName,
  asObject,
  mergeUsage,
  type RawObject,
  readUsage,
  type Usage,
  withServiceTier,
} from './usage.ts'

/** An event larger than this is not looked into; of a last one some of it waits for the books. */
export const EVENT_BYTES_MAX = 1024 * 1024

/** What waits for the end, the last event included. */
const HELD_BYTES_MAX = 4 * EVENT_BYTES_MAX

const LF = 0x0a
const CR = 0x0d
/** Where an event says what it is. */
const HEAD_BYTES = 512
const BYTES_PER_TOKEN = 4
const LONG_TOKEN_BYTES = 16
const LAST = /^event:[ ]?response\.(?:completed|incomplete|failed)\r?$/m
const LAST_TYPE = /^data:[ ]?\{\s*"type"\s*:\s*"response\.(?:completed|incomplete|failed)"/m
const LAST_TYPES = new Set(['response.completed', 'response.incomplete', 'response.failed'])

const NAMED = new TextEncoder().encode('event: ')
const decoder = new TextDecoder()

/**
 * Reads a stream of the Responses API while it passes. Whole events go on; the last one, which has
 * the usage and may be megabytes, waits for `end()` with what follows it.
 */
export class ResponsesTap {
  sawDone = false
  events = 0
  errorEvent = false
  responseId: string | null = null
  responseModel: string | null = null
  #rawUsage: RawObject | null = null
  #textEvents = 0
  #textBytes = 0
  readonly #deltas = new TextUnder('delta')
  #serviceTier: string | null = null
  readonly #carry = new Carry()
  #scannedTo = 0
  /** The unfinished event is too large to keep; its first bytes are gone on. */
  #isOversized = false
  #isLast = false
  #out: Uint8Array[] = []
  #held: Uint8Array[] = []
  #heldBytes = 0

  get usage(): Usage | null {
    return withServiceTier(readUsage(this.#rawUsage), this.#serviceTier)
  }

  /** For streams without a usage: a token for each event with text, or its bytes / 4 if more. */
  get outputTokensSeen(): number {
    return Math.max(this.#textEvents, Math.ceil(this.#textBytes / BYTES_PER_TOKEN))
  }

  /** What was certainly written at least. */
  get outputTokensCertain(): number {
    const byEvents = Math.min(this.#textEvents, Math.floor(this.#textBytes / BYTES_PER_TOKEN))
    return Math.max(byEvents, Math.floor(this.#textBytes / LONG_TOKEN_BYTES))
  }

  /** Takes the next bytes and returns those that may go on now. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.sawDone) this.#hold(chunk)
    else this.#take(this.#carry.append(chunk))
    const out = this.#out
    this.#out = []
    return out
  }

  /** Returns what was held back: an event that never ended, the last one, what followed it. */
  end(): readonly Uint8Array[] {
    const rest = this.#carry.view().slice()
    this.#carry.keep(rest.subarray(rest.length))
    if (rest.length > 0) this.#endEvent(rest)
    const last = [...this.#out, ...this.#held]
    this.#out = []
    this.#held = []
    return last
  }

  #take(work: Uint8Array): void {
    let start = 0
    for (let end = eventEnd(work, this.#scannedTo); end > 0; end = eventEnd(work, start)) {
      this.#endEvent(work.slice(start, end))
      start = end
      if (this.sawDone) break
    }
    let rest = work.subarray(start)
    if (this.sawDone) {
      this.#hold(rest.slice())
      rest = rest.subarray(rest.length)
    } else if (rest.length > EVENT_BYTES_MAX) rest = this.#passOversized(rest)
    this.#carry.keep(rest)
    // The blank line at an event's end may be cut anywhere.
    this.#scannedTo = Math.max(0, rest.length - 3)
  }

  /** Sends most of an event that is still growing; of a last one a tail stays, with its usage. */
  #passOversized(rest: Uint8Array): Uint8Array {
    if (!this.#isOversized) this.#isLast = isLast(rest)
    this.#isOversized = true
    const kept = this.#isLast ? EVENT_BYTES_MAX / 2 : 3
    this.#out.push(rest.slice(0, rest.length - kept))
    return rest.subarray(rest.length - kept)
  }

  #endEvent(event: Uint8Array): void {
    this.events++
    const isCut = this.#isOversized
    this.sawDone ||= isCut ? this.#isLast : this.#readsLast(event)
    if (isCut) this.#isOversized = false
    if (this.sawDone && this.#rawUsage === null) this.#merge(lastUsage(event))
    if (this.sawDone) this.#hold(event)
    else this.#out.push(event)
  }

  /** Whether this is the last event of an answer. */
  #readsLast(bytes: Uint8Array): boolean {
    if (bytes.length > EVENT_BYTES_MAX) return isLast(bytes)
    const isNamed = startsWith(bytes, 0, NAMED)
    if (isNamed && !this.#isWorthParsing(bytes)) return false
    const event = parse(bytes)
    if (!event) return isLast(bytes)
    const type = asName(event['type']) ?? ''
    const response = asObject(event['response'])
    if (type === 'error' || response?.['error'] != null) this.errorEvent = true
    this.responseId ??= asName(response?.['id'])
    this.responseModel ??= asName(response?.['model'])
    this.#serviceTier = asName(response?.['service_tier']) ?? this.#serviceTier
    this.#merge(asObject(response?.['usage']))
    if (!isNamed) this.#countDelta(type, bytes)
    return LAST_TYPES.has(type)
  }

  #isWorthParsing(bytes: Uint8Array): boolean {
    const lineEnd = bytes.indexOf(LF)
    const type = decoder.decode(bytes.subarray(NAMED.length, lineEnd)).trim()
    this.#countDelta(type, bytes)
    if (type === 'error') this.errorEvent = true
    return this.responseId === null || LAST_TYPES.has(type)
  }

  /** Deltas, nearly all that there is, are not parsed. */
  #countDelta(type: string, bytes: Uint8Array): void {
    // Sound is written as text too, and costs nothing like it.
    if (!type.endsWith('.delta') || type.endsWith('audio.delta')) return
    const length = this.#deltas.bytesIn(bytes, 1)
    if (length > 0) this.#textEvents++
    this.#textBytes += length
  }

  #merge(usage: RawObject | null): void {
    if (usage) this.#rawUsage = mergeUsage(this.#rawUsage, usage)
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    // Memory matters more than waiting with all of it: the end alone is what clients wait for.
    while (this.#heldBytes > HELD_BYTES_MAX && this.#held.length > 1) {
      const first = this.#held.shift()!
      this.#heldBytes -= first.length
      this.#out.push(first)
    }
  }
}

/** Offset just past the first blank line from `from` on; 0 if there is none. */
function eventEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3
  }
  return 0
}

function isLast(event: Uint8Array): boolean {
  const head = decoder.decode(event.subarray(0, HEAD_BYTES))
  return LAST.test(head) || LAST_TYPE.test(head)
}

function parse(event: Uint8Array): RawObject | null {
  const lines = decoder.decode(event).split(/\r\n|\r|\n/)
  const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5))
  try {
    return asObject(JSON.parse(data.join('\n')))
  } catch {
    return null
  }
}
