// Looking at JSON without parsing it. Quotes inside JSON strings are escaped, so what a model writes
// can't pose as a key; broken JSON gives a wrong count, never an exception.

const QUOTE = 0x22
const SPACE = 0x20
const BACKSLASH = 0x5c
const encoder = new TextEncoder()

/** Offset of the quote that closes the string whose first byte is at `at`, or of the data's end. */
export function closing(data: Uint8Array, at: number): number {
  const end = data.length
  while (at < end) {
    const byte = data[at]
    if (byte === QUOTE) return at
    at += byte === BACKSLASH ? 2 : 1
  }
  return end
}

export function startsWith(data: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (data[at + i] !== prefix[i]) return false
  return true
}

/** Measures the text under one of some keys, in events that look alike. */
export class TextUnder {
  readonly #keys: readonly Uint8Array[]
  /** Where the last event had its key. */
  #keyAt = 0

  constructor(...names: readonly string[]) {
    this.#keys = names.map((name) => encoder.encode(`${JSON.stringify(name)}:`))
  }

  /** Bytes of the string under the first such key from `from` on; 0: there is none. */
  bytesIn(data: Uint8Array, from: number): number {
    let length = this.#keyAt < from ? 0 : this.#keyLength(data, this.#keyAt)
    if (length === 0) {
      this.#keyAt = this.#find(data, from)
      if (this.#keyAt === 0) return 0
      length = this.#keyLength(data, this.#keyAt)
    }
    const colonEnd = this.#keyAt + length
    const value = data[colonEnd] === SPACE ? colonEnd + 1 : colonEnd
    return data[value] === QUOTE ? closing(data, value + 1) - value - 1 : 0
  }

  #find(data: Uint8Array, from: number): number {
    const end = data.length
    for (let at = from; at < end; at++) {
      if (data[at] !== QUOTE) continue
      if (this.#keyLength(data, at) > 0) return at
      at = closing(data, at + 1)
    }
    return 0
  }

  /** How long the key is, with its colon, that begins there; 0: none of them does. */
  #keyLength(data: Uint8Array, at: number): number {
    for (const key of this.#keys) if (startsWith(data, at, key)) return key.length
    return 0
  }
}
