import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { newLimits } from '../src/db/limits.ts'
import { teamPolicy } from '../src/db/policy.ts'
import { isoMicros } from '../src/duration.ts'
import { rolled } from '../src/jobs/sweep.ts'
import { LedgerCore } from '../src/ledger/core.ts'
import { roll, snapshotOf } from '../src/ledger/snapshot.ts'
import { limitFields } from '../src/management/limits.ts'
import type { Alignment, Resets } from '../src/windows.ts'
import { TEAM } from './db/rows.ts'
import { opening, state } from './ledger/build.ts'
import { MemoryStore } from './ledger/memory-store.ts'

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata']
const ALIGNMENTS = ['rolling', 'calendar'] as const
const LATER_MAX_MS = 400 * 86_400_000

interface Case {
  readonly budgetDuration: string
  readonly budgetResetAlignment: Alignment | null
  readonly resets: Resets
  readonly madeMs: number
  readonly nowMs: number
}

const duration = fc
  .tuple(fc.integer({ min: 1, max: 90 }), fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo'))
  .map(([count, unit]) => `${count}${unit}`)

const cases: fc.Arbitrary<Case> = fc
  .record({
    budgetDuration: fc.oneof(duration, fc.constantFrom('1d', '24h', '7d', '30d', '1mo', '1w')),
    budgetResetAlignment: fc.constantFrom(null, ...ALIGNMENTS),
    resets: fc.record({
      alignment: fc.constantFrom(...ALIGNMENTS),
      timezone: fc.constantFrom(...ZONES),
      resetMinute: fc.constantFrom(0, 0, 390, 1_439),
    }),
    madeMs: fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2029, 0) }),
    laterMs: fc.oneof(
      fc.integer({ min: 0, max: LATER_MAX_MS }),
      fc.integer({ min: 0, max: 3_600_000 }),
    ),
  })
  .map(({ laterMs, ...rest }) => ({ ...rest, nowMs: rest.madeMs + laterMs }))

/** What each of those who say when a team's budget resets says. */
function answers({ resets, madeMs, nowMs, ...sent }: Case) {
  const columns = newLimits(sent, { nowMs: madeMs, resets })
  const account = teamPolicy({ ...TEAM, ...columns })
  const core = new LedgerCore(new MemoryStore(), resets)
  core.open(opening({ account }), madeMs)
  const first = state(core, account, madeMs)
  const asleep = roll(snapshotOf(account, first, resets), nowMs)
  const [spendWindowAt, spendWindowEndAt] = [new Date(first.startMs), new Date(first.resetAtMs!)]
  const copy = { ...columns, spend: '0', spendWindowAt, spendWindowEndAt }
  return {
    whenMade: [columns.budgetResetAt?.getTime(), first.resetAtMs],
    now: {
      ledger: iso(state(core, account, nowMs).resetAtMs),
      api: limitFields({ ...TEAM, ...columns }, { nowMs, resets }).budget_reset_at,
      cron: iso(rolled(copy, { nowMs, resets }).window.endMs),
      metrics: iso(asleep.endMs ?? null),
    },
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : isoMicros(ms)
}

it('the ledger, the API, cron and metrics agree when a budget resets', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { whenMade, now } = answers(one)
      expect(whenMade[0]).toBe(whenMade[1])
      expect(now).toEqual({ ledger: now.api, api: now.api, cron: now.api, metrics: now.api })
      expect(Date.parse(now.api!)).toBeGreaterThan(one.nowMs)
    }),
    { numRuns: 10_000 },
  )
})
