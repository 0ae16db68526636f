import { MediaFacts } from './body-media.ts'
import { isOneHour, NAME, nameCode } from './body-names.ts'
import { isWatched, PART } from './body-rules.ts'
import { ToolFacts } from './body-tools.ts'
import { startsWith } from './skim.ts'

const LONG_TEXT_BYTES = 1024
/** Parts stand within parts: a document's within a tool's result, and no deeper. */
const PART_DEPTH_MAX = 12
const TOOL_DEPTH = 3

const encoder = new TextEncoder()
const DATA = encoder.encode('data:')

/**
 * What a scanner passes, told to it as it goes: keys, texts, and where objects open and close. Works
 * by path, so that text under the same names elsewhere (tool arguments, schemas) stays text.
 */
export class BodyFacts {
  readonly media: MediaFacts
  readonly tools = new ToolFacts()
  hasLongCacheTtl = false
  /** Long encodings that are in no part. */
  strayBytes = 0
  readonly #bytes: Uint8Array
  /** By depth: the code of the last key; 0 in an array. */
  readonly #names: Uint8Array
  readonly #isObject: Uint8Array
  readonly #watches: Uint8Array

  constructor(bytes: Uint8Array, depthMax: number) {
    this.#bytes = bytes
    this.media = new MediaFacts(bytes)
    this.#names = new Uint8Array(depthMax + 1)
    this.#isObject = new Uint8Array(depthMax + 1)
    this.#watches = new Uint8Array(depthMax + 1)
  }

  opens(depth: number, isObject: boolean): void {
    this.#names[depth] = 0
    this.#isObject[depth] = isObject ? 1 : 0
    const watch = isObject && depth >= 3 && depth <= PART_DEPTH_MAX ? this.#watchAt(depth) : 0
    this.#watches[depth] = watch
    if (watch !== 0) this.media.opens(depth)
    else if (isObject && depth === TOOL_DEPTH && this.#isListAt(2, NAME.tools)) this.tools.count++
  }

  closes(depth: number): void {
    if (this.#watches[depth] !== 0) this.media.closes(depth)
    this.#watches[depth] = 0
  }

  key(depth: number, start: number, end: number): void {
    const name = nameCode(this.#bytes, start, end)
    this.#names[depth] = name
    if (name === 0) return
    if (depth === 1) this.tools.member(name)
    if (depth === TOOL_DEPTH && this.#isListAt(2, NAME.tools)) {
      this.tools.key(name, this.#bytes.subarray(start, end))
    }
  }

  /** A quoted value, at the depth of what it stands in. */
  text(depth: number, start: number, end: number): void {
    const name = this.#names[depth]!
    const watch = this.#watches[depth]!
    if (watch !== 0 && this.media.text({ depth, watch, name, start, end })) return
    if (name === NAME.ttl && isOneHour(this.#bytes, start, end)) this.hasLongCacheTtl = true
    if (name === NAME.type && depth === TOOL_DEPTH && this.#isListAt(2, NAME.tools)) {
      this.tools.type(this.#bytes, start, end)
    }
    if (end - start < LONG_TEXT_BYTES) return
    const isEncoded = name === NAME.data || name === NAME.file_data
    if (isEncoded || startsWith(this.#bytes, start + 1, DATA)) this.strayBytes += end - start
  }

  #isListAt(depth: number, member: number): boolean {
    return this.#names[1] === member && this.#isObject[depth] === 0
  }

  /** What an object that opens at `depth` may tell of media: it is a part, is in one, or (0) neither. */
  #watchAt(depth: number): number {
    if (!this.#isListAt(2, NAME.messages) && !this.#isListAt(2, NAME.input)) return 0
    const outer = depth - 1
    if (this.#isObject[outer] === 1) {
      const name = this.#names[outer]!
      // A screenshot is the output of a computer's call.
      if (depth === 4 && name === NAME.output) return PART
      return this.#watches[outer] === PART && isWatched(name) ? name : 0
    }
    if (depth === 3) return this.#names[1] === NAME.input ? PART : 0
    const name = this.#names[depth - 2]!
    if (depth === 5) return name === NAME.content || name === NAME.output ? PART : 0
    const owner = this.#watches[depth - 2]
    return name === NAME.content && (owner === PART || owner === NAME.source) ? PART : 0
  }
}
