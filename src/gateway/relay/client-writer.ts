interface ClientWriterOptions {
  /** Aborts when the client is gone. */
  readonly left: AbortSignal
  /** A client that takes nothing for this long is as good as gone. */
  readonly stallMs: number
}

/** Writing to a client that left is not an error: it is nothing. */
export class ClientWriter {
  #writer: WritableStreamDefaultWriter<Uint8Array>
  #stallMs: number
  #gone = false

  constructor(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    { left, stallMs }: ClientWriterOptions,
  ) {
    this.#writer = writer
    this.#stallMs = stallMs
    writer.closed.catch(() => this.#drop())
    // Nobody ever reads a body whose client left before its headers: its writes would wait for ever.
    if (left.aborted) this.#drop()
    else left.addEventListener('abort', () => this.#drop())
  }

  /** Waits for the client to take it, so that a slow one slows the provider, not our memory. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#gone) return
    const timer = setTimeout(() => this.#drop(), this.#stallMs)
    try {
      await this.#writer.write(chunk)
    } catch {
      this.#gone = true
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    if (!this.#gone) await this.#writer.close().catch(() => undefined)
  }

  #drop(): void {
    if (this.#gone) return
    this.#gone = true
    this.#writer.abort(new Error('client left')).catch(() => undefined)
  }
}
