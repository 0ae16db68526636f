import { describe, log } from '../../log.ts'
import { within } from '../../within.ts'
import { usePriceFile } from '../resolve.ts'
import { readPriceFile } from './price-file.ts'
import type { StoredFile } from './price-store.ts'

const ASK_EVERY_MS = 30_000
const RETRY_MS = 5_000
const FIRST_WAIT_MS = 2_000

export interface FollowerDeps {
  readonly url: string
  readonly read: (url: string, knownVersion: string | null) => Promise<StoredFile | null>
}

/** Keeps an isolate at the price file that is stored. Its first requests wait for it, a little. */
export class PriceFileFollower {
  readonly #deps: FollowerDeps
  #version: string | null = null
  #isFirst = true
  #askMs = 0

  constructor(deps: FollowerDeps) {
    this.#deps = deps
  }

  async follow(nowMs: number, defer: (work: Promise<unknown>) => void): Promise<void> {
    if (nowMs < this.#askMs) return
    if (!this.#isFirst) {
      this.#askMs = nowMs + ASK_EVERY_MS
      defer(this.#load())
      return
    }
    // Each waits for its own: requests do not share promises.
    if (await within(FIRST_WAIT_MS, this.#load()).catch(() => false)) this.#isFirst = false
    this.#askMs = nowMs + (this.#isFirst ? RETRY_MS : ASK_EVERY_MS)
  }

  async #load(): Promise<boolean> {
    try {
      const stored = await this.#deps.read(this.#deps.url, this.#version)
      if (stored) {
        usePriceFile(readPriceFile(stored.text))
        this.#version = stored.version
      }
      return true
    } catch (error) {
      log('warn', 'price_file_unread', { error: describe(error) })
      return false
    }
  }
}
