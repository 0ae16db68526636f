import { Carry } from './carry.ts'
import { StreamFacts } from './stream-event.ts'
import type { AnswerFacts, Usage } from './usage.ts'

/** An event, or what follows the end mark, larger than this is passed on without being looked into. */
export const EVENT_BYTES_MAX = 1024 * 1024

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const encoder = new TextEncoder()
const decoder = new TextDecoder()
const DATA_FIELD = encoder.encode('data:')

/** What the events of a stream add up to. */
export interface EventFacts extends AnswerFacts {
  readonly errorEvent: boolean
  /** Events with data, the end mark not counted. */
  readonly events: number
  readonly outputTokensSeen: number
  readonly outputTokensCertain: number
  /** Takes an event too large to look into. */
  readonly skip: () => void
  /** Takes an event's data; true if it is a usage report and nothing else. */
  readonly read: (data: Uint8Array) => boolean
}

/** How a stream is to be read: what it adds up to, and the field that marks its end. */
export interface StreamDialect {
  readonly facts: EventFacts
  readonly endMark: readonly [field: string, value: string]
}

export const openAiDialect = (): StreamDialect => ({
  facts: new StreamFacts(),
  endMark: ['data:', '[DONE]'],
})

interface TapOptions {
  readonly hideUsage: boolean
  readonly dialect?: StreamDialect
}

/**
 * Reads an event stream while it passes. Bytes go on as they come; only the end mark (OpenAI's is
 * `data: [DONE]`) and what follows wait for `end()`, so that a caller can settle before the client sees
 * them. With `hideUsage` whole events go on, without the report that the client did not ask for.
 */
export class StreamTap {
  sawDone = false
  readonly #hideUsage: boolean
  readonly #facts: EventFacts
  readonly #markField: Uint8Array
  readonly #markValue: Uint8Array
  readonly #carry = new Carry()
  #out: Uint8Array[] = []
  #held: Uint8Array[] = []
  #heldBytes = 0

  // The bytes under work, from the unfinished event's first on; offsets count from there.
  #work: Uint8Array = new Uint8Array()
  #chunk: Uint8Array = this.#work
  #chunkAt = 0
  #sentTo = 0
  #scannedTo = 0
  #eventStart = 0
  #lineStart = 0
  #dataStart = 0
  #dataEnd = 0
  #dataLines = 0
  /** The event grew too large to keep; its bytes are gone on. */
  #isOversized = false
  /** The line that ends next began in bytes that are gone. */
  #isLineCut = false

  constructor({ hideUsage, dialect = openAiDialect() }: TapOptions) {
    this.#hideUsage = hideUsage
    this.#facts = dialect.facts
    const [field, value] = dialect.endMark
    this.#markField = encoder.encode(field)
    this.#markValue = encoder.encode(value)
  }

  /** Merged over all events; null if the provider reported none. */
  get usage(): Usage | null {
    return this.#facts.usage
  }

  get responseId(): string | null {
    return this.#facts.responseId
  }

  get responseModel(): string | null {
    return this.#facts.responseModel
  }

  get errorEvent(): boolean {
    return this.#facts.errorEvent
  }

  /** Events with data, the end mark not counted. */
  get events(): number {
    return this.#facts.events
  }

  get outputTokensSeen(): number {
    return this.#facts.outputTokensSeen
  }

  get outputTokensCertain(): number {
    return this.#facts.outputTokensCertain
  }

  /** Takes the next bytes and returns those that may go on now. The chunk is the tap's from here on. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (chunk.length === 0) return []
    this.#chunkAt = this.#carry.length
    this.#chunk = chunk
    this.#work = this.#chunkAt === 0 ? chunk : this.#carry.append(chunk)
    this.#scanLines()
    if (this.#work.length - this.#eventStart > EVENT_BYTES_MAX) this.#isOversized = true
    this.#sendUpTo(this.#sendableTo())
    this.#keepRest()
    return this.#takeOut()
  }

  /** Returns what was held back: an event that never ended, the end mark, what followed it. */
  end(): readonly Uint8Array[] {
    this.#work = this.#carry.view()
    this.#chunkAt = this.#work.length
    const end = this.#work.length
    if (this.#lineStart < end) this.#endLine(this.#work[end - 1] === CR ? end - 1 : end, end)
    if (this.#dataLines > 0 || this.#isOversized) this.#endEvent(end)
    this.#sendUpTo(end)
    this.#carry.keep(this.#work.subarray(end))
    const last = [...this.#out, ...this.#held]
    this.#out = []
    this.#held = []
    return last
  }

  #scanLines(): void {
    const work = this.#work
    let lf = work.indexOf(LF, this.#scannedTo)
    let cr = work.indexOf(CR, this.#scannedTo)
    while (lf >= 0 || cr >= 0) {
      const end = cr < 0 || (lf >= 0 && lf < cr) ? lf : cr
      let next = end + 1
      if (end === cr) {
        // Whether a line feed belongs to it is not known yet.
        if (next === work.length) break
        if (work[next] === LF) next++
      }
      this.#endLine(end, next)
      if (lf >= 0 && lf < next) lf = work[next] === LF ? next : work.indexOf(LF, next)
      if (cr >= 0 && cr < next) cr = work.indexOf(CR, next)
    }
    this.#scannedTo = cr >= 0 ? cr : work.length
  }

  #endLine(end: number, next: number): void {
    const start = this.#lineStart
    if (this.#isLineCut) this.#isLineCut = false
    else if (end === start) this.#endEvent(next)
    else if (this.#isEndMark(start, end) === true) this.#markDone(start)
    else if (startsWithData(this.#work, start, end)) {
      if (this.#dataLines++ === 0) {
        this.#dataStart = this.#work[start + 5] === SPACE ? start + 6 : start + 5
        this.#dataEnd = end
      }
    }
    this.#lineStart = next
  }

  #markDone(lineStart: number): void {
    if (this.sawDone) return
    this.#sendUpTo(lineStart)
    this.sawDone = true
  }

  #endEvent(next: number): void {
    const isSkipped = this.#isOversized || next - this.#eventStart > EVENT_BYTES_MAX
    if (isSkipped) this.#facts.skip()
    else if (this.#dataLines > 0) {
      const isReport = this.#facts.read(this.#eventData(next))
      if (isReport && this.#hideUsage && this.#sentTo <= this.#eventStart) {
        this.#sendUpTo(this.#eventStart)
        this.#sentTo = next
      }
    }
    this.#dataLines = 0
    this.#isOversized = false
    this.#eventStart = next
  }

  #eventData(next: number): Uint8Array {
    if (this.#dataLines === 1) return this.#work.subarray(this.#dataStart, this.#dataEnd)
    const lines = decoder.decode(this.#work.subarray(this.#eventStart, next)).split(/\r\n|\r|\n/)
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5))
    return encoder.encode(data.join('\n'))
  }

  #sendableTo(): number {
    const waits = this.#mayBecomeDone()
    if (this.#hideUsage && !this.#isOversized) return this.#eventStart
    if (waits) return this.#lineStart
    // The bytes of an oversized event are gone once sent; a carriage return must see what follows it.
    return this.#isOversized ? this.#scannedTo : this.#work.length
  }

  #mayBecomeDone(): boolean {
    if (this.#isLineCut || this.sawDone) return false
    const mark = this.#isEndMark(this.#lineStart, this.#work.length)
    if (mark === true) this.#markDone(this.#lineStart)
    return mark === null
  }

  /** Whether a line is the end mark; null if it is too short to tell. */
  #isEndMark(start: number, end: number): boolean | null {
    const bytes = this.#work
    let at = start
    for (const byte of this.#markField) {
      if (at === end) return null
      if (bytes[at++] !== byte) return false
    }
    if (at < end && bytes[at] === SPACE) at++
    for (const byte of this.#markValue) {
      if (at === end) return null
      if (bytes[at++] !== byte) return false
    }
    return true
  }

  #sendUpTo(end: number): void {
    const start = this.#sentTo
    if (end <= start) return
    this.#sentTo = end
    if (!this.sawDone) {
      this.#out.push(this.#piece(start, end))
      return
    }
    this.#held.push(this.#work.slice(start, end))
    this.#heldBytes += end - start
  }

  /** The chunk's own bytes where possible: what was carried over is overwritten later. */
  #piece(start: number, end: number): Uint8Array {
    if (start < this.#chunkAt) return this.#work.slice(start, end)
    const isWhole = start === this.#chunkAt && end === this.#work.length
    return isWhole ? this.#chunk : this.#chunk.subarray(start - this.#chunkAt, end - this.#chunkAt)
  }

  #keepRest(): void {
    const from = this.#isOversized ? this.#sentTo : this.#eventStart
    if (this.#isOversized) this.#isLineCut ||= this.#lineStart < from
    this.#carry.keep(this.#work.subarray(from))
    this.#sentTo -= from
    this.#scannedTo -= from
    this.#lineStart = Math.max(0, this.#lineStart - from)
    this.#eventStart = 0
    this.#dataStart -= from
    this.#dataEnd -= from
  }

  #takeOut(): readonly Uint8Array[] {
    const out = this.#out
    this.#out = []
    // Nobody sends a megabyte after the end mark; memory matters more than waiting with it.
    if (this.#heldBytes <= EVENT_BYTES_MAX) return out
    out.push(...this.#held)
    this.#held = []
    this.#heldBytes = 0
    return out
  }
}

function startsWithData(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < DATA_FIELD.length) return false
  for (let i = 0; i < DATA_FIELD.length; i++) if (bytes[start + i] !== DATA_FIELD[i]) return false
  return true
}
