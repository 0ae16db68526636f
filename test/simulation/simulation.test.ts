import { describe, expect, it, vi } from 'vitest'
import { simulate } from './simulate.ts'

// The shipped code speaks to Postgres through these; the contract test holds the stand-ins to them.
const { inPlaceOf } = await vi.hoisted(() => import('./database/linked.ts'))
vi.mock('../../src/db/connect.ts', () => inPlaceOf.connect)
vi.mock('../../src/db/spend.ts', () => inPlaceOf.spend)
vi.mock('../../src/db/refusals.ts', () => inPlaceOf.refusals)
vi.mock('../../src/db/key-move.ts', () => inPlaceOf.keyMove)
vi.mock('../../src/db/key-update.ts', () => inPlaceOf.keyUpdate)
vi.mock('../../src/db/key-details.ts', () => inPlaceOf.keyDetails)
vi.mock('../../src/db/keys.ts', () => inPlaceOf.keys)
vi.mock('../../src/db/team-update.ts', () => inPlaceOf.teamUpdate)
vi.mock('../../src/db/teams.ts', () => inPlaceOf.teams)
vi.mock('../../src/db/members.ts', () => inPlaceOf.members)
vi.mock('../../src/db/member-changes.ts', () => inPlaceOf.memberChanges)
vi.mock('../../src/db/budgets.ts', () => inPlaceOf.budgets)
vi.mock('../../src/db/spend-reset.ts', () => inPlaceOf.spendReset)
vi.mock('../../src/db/audit.ts', () => inPlaceOf.audit)
vi.mock('../../src/db/tellings.ts', () => inPlaceOf.tellings)

const { SEED, TOLLGATE_LONG } = process.env
const SEEDS = SEED ? 1 : TOLLGATE_LONG ? 5_000 : 300
const FIRST = SEED ? Number(SEED) : 1
/** A second for each seed; they take some thirty milliseconds. */
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
  'too_large',
  'clamped',
  'observed',
  'adjusted',
  'left',
  'arrived',
  'blocked',
  'deleted',
] as const
