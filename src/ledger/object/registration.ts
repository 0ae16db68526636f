import { within } from '../../within.ts'
import { hubOf } from './hubs.ts'
import type { SqlStore } from './sql-store.ts'

/** A hub that does not answer must not stop the alarm; below what callers wait for a settle. */
const HUB_MAX_MS = 4_000

/** Whether the metrics hub knows that this ledger has news; on disk, and in memory. */
export class Registration {
  #store: SqlStore
  #isKnown: boolean

  constructor(store: SqlStore) {
    this.#store = store
    this.#isKnown = store.meta('registered') === 'yes'
  }

  get number(): number {
    return Number(this.#store.meta('registration') ?? 0)
  }

  /** Before the first settle is answered, so that a scrape after it asks this ledger. */
  async announce(hubs: Env['METRICS_HUB'], ledger: string): Promise<void> {
    if (this.#isKnown) return
    const number = this.number + 1
    await within(HUB_MAX_MS, hubOf(hubs, ledger).register(ledger, number))
    this.#store.saveMeta('registration', String(number))
    this.#store.saveMeta('registered', 'yes')
    this.#isKnown = true
  }

  /** A scrape may forget this ledger until its next settle. */
  drop(): void {
    this.#store.saveMeta('registered', 'no')
    this.#isKnown = false
  }
}
