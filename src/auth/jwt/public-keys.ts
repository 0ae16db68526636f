import type { PublicKeySettings } from '../../config/jwt/jwt-auth.ts'
import { unavailable } from '../../errors.ts'
import { describe, log } from '../../log.ts'
import { fetchKeys, KEYS_TIMEOUT_MS } from './fetch-keys.ts'
import type { Algorithm, PublicKey } from './key-set.ts'

/** An address is asked no more often, however many tokens name keys that nobody has. */
const FETCH_EVERY_MS = 10_000
/** Nor for keys that are there and only old, while it is silent. */
const CONFIRM_EVERY_MS = 30_000
/** Keys that could not be confirmed are trusted this long. */
const STALE_MAX_MS = 24 * 3_600_000
/** A request that fetches may end without a word; others then do it. */
const FETCH_MAX_MS = KEYS_TIMEOUT_MS + 1_000
const POLL_MS = 20
/** A token without a kid is tried with this many keys. */
const CANDIDATES_MAX = 8

interface Source {
  readonly url: string
  keys: readonly PublicKey[]
  /** Since when the keys are what the address said; and when it was last asked. */
  confirmedMs: number
  askedMs: number
  isAsking: boolean
}

export interface Asking {
  readonly nowMs: number
  /** Work that may outlive the request. */
  readonly defer: (work: Promise<unknown>) => void
}

/** What a token's header says of the key that signed it. */
export interface Signed {
  readonly alg: Algorithm
  readonly kid: string | null
}

/** What this isolate knows of published keys: values, never promises. */
export class PublicKeys {
  readonly #sources: readonly Source[]
  readonly #ttlMs: number

  constructor({ urls, ttlMs }: Pick<PublicKeySettings, 'urls' | 'ttlMs'>) {
    this.#ttlMs = ttlMs
    this.#sources = urls.map((url) => {
      return { url, keys: [], confirmedMs: -Infinity, askedMs: -Infinity, isAsking: false }
    })
  }

  /** The keys that may have signed it; none: nobody publishes one. Throws 503 if nobody can tell. */
  async find(signed: Signed, asking: Asking): Promise<CryptoKey[]> {
    const { nowMs } = asking
    await Promise.all(this.#sources.map((source) => this.#confirm(source, asking)))
    if (this.#matching(signed, nowMs).length === 0) {
      // It may have been published since.
      await Promise.all(this.#sources.map((source) => this.#reload(source, signed, asking)))
    }
    const keys = this.#matching(signed, nowMs)
    const isUnsure = this.#sources.some((source) => !isUsable(source, nowMs))
    if (keys.length === 0 && isUnsure) throw awayNow()
    const imported = await Promise.all(keys.map((key) => key.importFor(signed.alg)))
    return imported.filter((key) => key !== null)
  }

  #matching({ alg, kid }: Signed, nowMs: number): PublicKey[] {
    return this.#sources
      .filter((source) => isUsable(source, nowMs))
      .flatMap(({ keys }) => keys)
      .filter((key) => key.fits(alg) && (kid === null || key.kid === null || key.kid === kid))
      .slice(0, CANDIDATES_MAX)
  }

  /** One request waits for it; the others, and it too if the address is silent, use what is there. */
  async #confirm(source: Source, asking: Asking): Promise<void> {
    const { nowMs } = asking
    if (nowMs - source.confirmedMs <= this.#ttlMs) return
    const isAskedFor = source.isAsking || nowMs - source.askedMs < CONFIRM_EVERY_MS
    if (!isUsable(source, nowMs) || !isAskedFor) await ask(source, asking)
  }

  async #reload(source: Source, signed: Signed, asking: Asking): Promise<void> {
    for (let waitedMs = 0; source.isAsking && waitedMs < FETCH_MAX_MS; waitedMs += POLL_MS) {
      // A promise that requests share would fail them all with the first; a value does not.
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    if (this.#matching(signed, asking.nowMs).length === 0) await ask(source, asking)
  }
}

function isUsable({ confirmedMs }: Source, nowMs: number): boolean {
  return nowMs - confirmedMs <= STALE_MAX_MS
}

async function ask(source: Source, { nowMs, defer }: Asking): Promise<void> {
  if (nowMs - source.askedMs < FETCH_EVERY_MS) return
  const work = fetchInto(source, nowMs)
  defer(work)
  await work
}

async function fetchInto(source: Source, nowMs: number): Promise<void> {
  source.askedMs = nowMs
  source.isAsking = true
  try {
    source.keys = await fetchKeys(source.url)
    source.confirmedMs = nowMs
  } catch (error) {
    const { host } = new URL(source.url)
    log('warn', 'public_keys_not_fetched', { host, error: describe(error) })
  } finally {
    source.isAsking = false
  }
}

function awayNow() {
  return unavailable('The keys of tokens cannot be reached right now. Please try again.', 2)
}
