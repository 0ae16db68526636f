import type { SpendBatch } from '../../src/db/spend.ts'
import { entryId } from '../../src/ids.ts'
import { scopeOf } from '../../src/ledger/scopes.ts'
import type { Entry } from '../../src/ledger/store.ts'
import type { EntryDetail } from '../../src/ledger/types.ts'
import type { Dice } from '../simulation/dice.ts'
import { T0 } from '../simulation/start.ts'

const DAY = 24 * 3_600_000
export const GENERATION = 2
/** Scopes have ids in them that are anything. */
export const MEMBER = 'a/b:c é'

interface Rows {
  readonly accountIds: readonly string[]
  readonly hashes: readonly string[]
}

/** Entries of a few calls, their corrections, some of them again: as outboxes send them. */
export class Batches {
  readonly #dice: Dice
  readonly #rows: Rows
  readonly #sent: Entry[] = []

  constructor(dice: Dice, of: Rows) {
    this.#dice = dice
    this.#rows = of
  }

  next(): SpendBatch {
    const dice = this.#dice
    const { accountIds, hashes } = this.#rows
    const entries: Entry[] = []
    for (let n = dice.below(9); n > 0; n--) {
      const isRepeated = dice.chance(0.3) && this.#sent.length > 0
      const entry = isRepeated ? dice.pick(this.#sent) : this.#entry()
      this.#sent.push(entry)
      entries.push(entry)
    }
    const owners = ['account', scopeOf({ kind: 'member', id: MEMBER }), 'member:nobody']
    const scopes = [...owners, ...hashes.map((hash) => `key:${hash}`), 'key:nobody']
    const budgets = scopes.flatMap((scope) => [
      { scope, budget: 'main' },
      { scope, budget: '1h' },
      { scope: `${scope}/openai/*`, budget: 'main' },
    ])
    const spends = budgets
      .filter(() => dice.chance(0.5))
      .map((budget) => {
        const spentPico = BigInt(dice.below(1_000_000)) * BigInt(dice.pick([1, 10 ** 12]))
        const endMs = dice.pick([null, 4 * DAY])
        // Few windows, epochs and sequences, so that each is often the same, older and newer.
        return { ...budget, startMs: dice.below(3) * DAY, endMs, spentPico }
      })
    return {
      accountId: dice.chance(0.9) ? dice.pick(accountIds) : 'team:nobody',
      generation: dice.chance(0.9) ? GENERATION : GENERATION - 1,
      epoch: dice.below(3),
      seq: dice.below(4),
      entries,
      spends,
    }
  }

  #entry(): Entry {
    const dice = this.#dice
    const again = dice.chance(0.2) && this.#sent.length > 0 ? dice.pick(this.#sent) : null
    // An ended entry never changes: the same revision of one is the same row.
    const revision = again ? 1 - again.revision : 0
    const same = this.#sent.find((entry) => entry.id === again?.id && entry.revision === revision)
    if (same) return same
    const reservedMs = T0 + dice.below(3 * DAY)
    const nothing = {
      holdPico: 0n,
      seenPico: 0n,
      holdTokens: 0,
      scopes: [],
      rules: [],
      charged: [[dice.pick(['account', 'key:x']), 'main', 0] as const],
    }
    return {
      ...nothing,
      id: again?.id ?? entryId(reservedMs),
      revision,
      state: dice.pick(['settled', 'released', 'expired', 'adjusted']),
      reservedMs,
      deadlineMs: reservedMs,
      endedMs: dice.pick([again?.endedMs ?? null, reservedMs + dice.below(DAY), null]),
      chargePico: BigInt(dice.between(-1_000, Number.MAX_SAFE_INTEGER - 1)),
      tokens: dice.between(-5, 100),
      detail: this.#detail(),
    }
  }

  #detail(): EntryDetail {
    const dice = this.#dice
    const maybe = <T>(...values: T[]): T | null => (dice.chance(0.3) ? null : dice.pick(values))
    const all: EntryDetail = {
      keyHash: maybe(...this.#rows.hashes),
      teamId: maybe('t'),
      userId: maybe('u1', 'u2'),
      endUser: maybe('e', 'f', ''),
      callType: maybe('acompletion'),
      modelGroup: maybe('g'),
      model: maybe('m1', 'm2'),
      modelId: maybe('i'),
      provider: maybe('openai'),
      callId: maybe('c'),
      responseId: maybe('r'),
      status: maybe('success', 'failure'),
      usageSource: maybe('provider'),
      promptTokens: maybe(3, 40),
      completionTokens: maybe(7),
      corrected: maybe(true),
      ours: maybe('kept in detail'),
    }
    return Object.fromEntries(Object.entries(all).filter(() => dice.chance(0.8)))
  }
}
