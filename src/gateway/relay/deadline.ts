import { DRAIN_MS } from '../call.ts'

export type Cut = 'timeout' | 'client left'

/** Ends the call to the provider: when it is silent too long, or some time after the client left. */
export class Deadline {
  #controller = new AbortController()
  #silence: number | null = null
  #drain: number | null = null
  #cut: Cut | null = null
  #client: AbortSignal
  #onLeave = (): void => {
    this.#drain ??= setTimeout(() => this.#abort('client left'), DRAIN_MS)
  }

  constructor(client: AbortSignal) {
    this.#client = client
    if (client.aborted) this.#onLeave()
    else client.addEventListener('abort', this.#onLeave)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the provider was cut off, or null if it was not. */
  get cut(): Cut | null {
    return this.#cut
  }

  /** Waits for the provider, but not longer than this without a sign of it. */
  async within<T>(silenceMs: number, work: Promise<T>): Promise<T> {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#abort('timeout'), silenceMs)
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const onAbort = (): void => reject(new Error(this.#cut ?? 'aborted'))
    if (this.signal.aborted) onAbort()
    this.signal.addEventListener('abort', onAbort)
    try {
      return await Promise.race([work, aborted])
    } finally {
      clearTimeout(this.#silence)
      this.signal.removeEventListener('abort', onAbort)
      aborted.catch(() => undefined)
    }
  }

  stop(): void {
    clearTimeout(this.#silence)
    clearTimeout(this.#drain)
    this.#client.removeEventListener('abort', this.#onLeave)
  }

  #abort(cut: Cut): void {
    this.#cut ??= cut
    this.#controller.abort(new Error(cut))
  }
}
