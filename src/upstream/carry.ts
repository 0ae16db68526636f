const CAPACITY_BYTES = 4096

/** Bytes kept from one chunk to the next, in one growing buffer: hand out copies, it is overwritten. */
export class Carry {
  length = 0
  #buffer = new Uint8Array(CAPACITY_BYTES)

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.length)
  }

  append(chunk: Uint8Array): Uint8Array {
    this.#reserve(this.length + chunk.length)
    this.#buffer.set(chunk, this.length)
    this.length += chunk.length
    return this.view()
  }

  /** Keeps these bytes only; they may be a part of the buffer itself. */
  keep(bytes: Uint8Array): void {
    const isInPlace = bytes.buffer === this.#buffer.buffer && bytes.byteOffset === 0
    if (!isInPlace && bytes.length > 0) {
      this.#reserve(bytes.length)
      this.#buffer.set(bytes)
    }
    this.length = bytes.length
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return
    const buffer = new Uint8Array(Math.max(length, 2 * this.#buffer.length))
    buffer.set(this.view())
    this.#buffer = buffer
  }
}
