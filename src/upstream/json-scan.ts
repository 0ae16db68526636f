import { BodyFacts } from './body-facts.ts'
import { startsWith } from './skim.ts'

export class JsonError extends Error {
  override readonly name = 'JsonError'
  readonly position: number
  constructor(message: string, position: number) {
    super(`${message} at byte ${position}`)
    this.position = position
  }
}

const DEPTH_MAX = 512

const QUOTE = 0x22
export const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const LOWER_U = 0x75
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

const encoder = new TextEncoder()
const ascii = (text: string) => encoder.encode(text)

// Bytes at which skipping through a string has to think: quote, backslash, control, not ASCII.
const STRING_STOPS = new Uint8Array(256).map((_, byte) =>
  byte === QUOTE || byte === BACKSLASH || byte < 0x20 || byte >= 0x80 ? 1 : 0,
)
const ESCAPES = new Set(ascii('"\\/bfnrt'))
const TRUE = ascii('true')
const FALSE = ascii('false')
const NULL = ascii('null')

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number | undefined) =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
const isTail = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80

/** Length of the UTF-8 sequence of two or more bytes that starts at `at`; 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  const second = bytes[at + 1]
  if (second === undefined || !isTail(second) || first < 0xc2) return 0
  if (first < 0xe0) return 2
  if (first < 0xf0) {
    const isOverlong = first === 0xe0 && second < 0xa0
    const isSurrogate = first === 0xed && second >= 0xa0
    return isTail(bytes[at + 2]) && !isOverlong && !isSurrogate ? 3 : 0
  }
  const isOutside = (first === 0xf0 && second < 0x90) || (first === 0xf4 && second >= 0x90)
  return first < 0xf5 && isTail(bytes[at + 2]) && isTail(bytes[at + 3]) && !isOutside ? 4 : 0
}

/** Walks RFC 8259 text byte by byte, with no recursion: nesting costs one byte of memory a level. */
export class JsonScanner {
  at = 0
  readonly facts: BodyFacts
  readonly #bytes: Uint8Array
  readonly #closers = new Uint8Array(DEPTH_MAX + 1)
  #depth = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.facts = new BodyFacts(bytes, DEPTH_MAX)
  }

  fail(expected: string, at = this.at): never {
    if (at >= this.#bytes.length) throw new JsonError(`text ends where ${expected} belongs`, at)
    throw new JsonError(`expected ${expected}`, at)
  }

  /** The next byte that is not white space; undefined at the end of the text. */
  peek(): number | undefined {
    for (;;) {
      const byte = this.#bytes[this.at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.at++
    }
  }

  open(closer: number): void {
    if (this.#depth === DEPTH_MAX) {
      throw new JsonError(`nested deeper than ${DEPTH_MAX} levels`, this.at)
    }
    this.#closers[++this.#depth] = closer
    this.at++
    this.facts.opens(this.#depth, closer === CLOSE_OBJECT)
  }

  /** Passes a key and its colon; returns where the key ends. */
  key(): number {
    if (this.peek() !== QUOTE) this.fail('a quoted key')
    const start = this.at
    this.string()
    const end = this.at
    if (this.peek() !== COLON) this.fail("':'")
    this.at++
    this.facts.key(this.#depth, start, end)
    return end
  }

  /** Passes one value of whatever size, standing at its first byte. */
  value(): void {
    const outside = this.#depth
    for (;;) {
      if (this.#begins()) continue
      if (this.#ends(outside)) return
    }
  }

  /** Passes the start of a value; true if it was a container with something in it. */
  #begins(): boolean {
    const byte = this.peek()
    if (byte === QUOTE) {
      const start = this.at
      this.string()
      this.facts.text(this.#depth, start, this.at)
      return false
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const closer = byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY
      this.open(closer)
      if (this.peek() === closer) return false
      if (closer === CLOSE_OBJECT) this.key()
      return true
    }
    this.#scalar(byte)
    return false
  }

  /** Passes commas and closing brackets after a value; true once `outside` is reached again. */
  #ends(outside: number): boolean {
    while (this.#depth > outside) {
      const closer = this.#closers[this.#depth]
      const byte = this.peek()
      if (byte === COMMA) {
        this.at++
        if (closer === CLOSE_OBJECT) this.key()
        return false
      }
      if (byte !== closer) this.fail(closer === CLOSE_OBJECT ? "',' or '}'" : "',' or ']'")
      this.at++
      this.facts.closes(this.#depth--)
    }
    return true
  }

  #scalar(byte: number | undefined): void {
    if (byte === MINUS || isDigit(byte)) return this.#number()
    const literal = byte === 0x74 ? TRUE : byte === 0x66 ? FALSE : NULL
    if (!startsWith(this.#bytes, this.at, literal)) this.fail('a value')
    this.at += literal.length
  }

  #number(): void {
    const bytes = this.#bytes
    if (bytes[this.at] === MINUS) this.at++
    if (bytes[this.at] === ZERO) this.at++
    else this.#digits()
    if (bytes[this.at] === DOT) {
      this.at++
      this.#digits()
    }
    if (((bytes[this.at] ?? 0) | 0x20) !== 0x65) return
    const sign = bytes[++this.at]
    if (sign === MINUS || sign === 0x2b) this.at++
    this.#digits()
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.at])) this.fail('a digit')
    do this.at++
    while (isDigit(this.#bytes[this.at]))
  }

  string(): void {
    const bytes = this.#bytes
    const end = bytes.length
    let at = this.at + 1
    for (;;) {
      while (at < end && STRING_STOPS[bytes[at]!] === 0) at++
      const byte = bytes[at]
      if (byte === QUOTE) break
      if (byte === undefined) this.fail('a closing quote', at)
      const length = byte === BACKSLASH ? this.#escapeLength(at) : sequenceLength(bytes, at)
      if (length === 0) this.fail(byte < 0x20 ? 'an escaped control character' : 'UTF-8', at)
      at += length
    }
    this.at = at + 1
  }

  #escapeLength(at: number): number {
    const bytes = this.#bytes
    const byte = bytes[at + 1]
    if (byte !== undefined && ESCAPES.has(byte)) return 2
    if (byte !== LOWER_U) this.fail('an escape such as \\n or \\u0041', at)
    for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i])) this.fail('four hex digits', i)
    return 6
  }
}
