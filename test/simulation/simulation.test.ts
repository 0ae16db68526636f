import { describe, expect, it, vi } from 'vitest'
import type { SpendBatch } from '../../src/db/spend.ts'
import { simulate } from './simulate.ts'

interface Link {
  readonly write: (batch: SpendBatch) => Promise<void>
}

// The object speaks to Postgres through these two; the contract test holds the stand-in to them.
vi.mock('../../src/db/connect.ts', () => ({
  connect: (env: { readonly database: Link }) => env.database,
}))
vi.mock('../../src/db/spend.ts', () => ({
  writeSpend: (link: Link, batch: SpendBatch) => link.write(batch),
}))

const { SEED, TOLLGATE_LONG } = process.env
const SEEDS = SEED ? 1 : TOLLGATE_LONG ? 5_000 : 300
const FIRST = SEED ? Number(SEED) : 1
/** A second for each seed; they take some forty milliseconds. */
const TIMEOUT_MS = SEEDS * 1_000

describe('the money path, with everything that may fail failing', () => {
  it('keeps its books, whatever the seed', { timeout: TIMEOUT_MS }, async () => {
    const totals: Record<string, number> = {}
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { problems, log, counts } = await simulate(seed).catch((error: unknown) => {
        throw new Error(`SEED=${seed}`, { cause: error })
      })
      for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
      if (problems.length === 0) continue
      const trace = SEED ? log : []
      throw new Error([`SEED=${seed}`, ...problems, ...trace].join('\n'))
    }
    const rare = HAPPENS.filter((name) => (totals[name] ?? 0) < SEEDS / 20)
    expect(SEED ? [] : rare).toEqual([])
  })
})

/** What a simulation that proves anything has seen many times. */
const HAPPENS = [
  'admitted',
  'bills',
  'exact',
  'settled',
  'released',
  'expired',
  'corrected',
  'killed',
  'lives',
  'budget',
  'held',
] as const
