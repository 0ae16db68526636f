/** The ledger's core alone, without disk, RPC or clock: what one object could decide at most. */
import { entryId } from '../../src/ids.ts'
import { LedgerCore } from '../../src/ledger/core.ts'
import { type PolicyRow, unlimitedRow } from '../../src/ledger/policy.ts'
import type { ReserveRequest, SettleRequest } from '../../src/ledger/types.ts'
import { parsePico } from '../../src/money.ts'
import { CoreStore } from './core-store.ts'
import { median } from './figures.ts'

const KEYS = 1_000
/** Holds that stand at once, as with this many calls in flight. */
const IN_FLIGHT = 32
const CALLS_PER_MS = 64
const WARM_UP_CALLS = 30_000
/** The median of slices says more than their mean while others use the machine. */
const SLICES = 10
const LIMIT_PICO = parsePico(1e9)
const COST_PICO = 12_345n

/** A decision is a reserve; each was admitted, and settled. */
export interface CoreFigures {
  keys: number
  inFlight: number
  decisions: number
  /** Over the time spent in `reserve`: the median of the slices, and the least disturbed one. */
  decisionsPerSecond: number
  bestDecisionsPerSecond: number
  /** A reserve and its settle, over the time spent in both. */
  pairsPerSecond: number
}

interface Call {
  nowMs: number
  reserve: ReserveRequest
  settle: SettleRequest
}

interface Slice {
  decisions: number
  reserveMs: number
  settleMs: number
}

/** `seconds` on the clock; making the calls takes several times as long. */
export function measureCore(seconds: number): CoreFigures {
  const decide = openLedger(Date.now())
  for (let calls = 0; calls < WARM_UP_CALLS; calls += IN_FLIGHT) decide()
  const slices = Array.from({ length: SLICES }, () => measureSlice(decide, seconds / SLICES))
  const decisionRates = slices.map((one) => (one.decisions / one.reserveMs) * 1_000)
  const pairRates = slices.map((one) => {
    return (one.decisions / (one.reserveMs + one.settleMs)) * 1_000
  })
  return {
    keys: KEYS,
    inFlight: IN_FLIGHT,
    decisions: slices.reduce((sum, { decisions }) => sum + decisions, 0),
    decisionsPerSecond: median(decisionRates),
    bestDecisionsPerSecond: Math.max(...decisionRates),
    pairsPerSecond: median(pairRates),
  }
}

function measureSlice(decide: () => Slice, seconds: number): Slice {
  const slice = { decisions: 0, reserveMs: 0, settleMs: 0 }
  do {
    const { decisions, reserveMs, settleMs } = decide()
    slice.decisions += decisions
    slice.reserveMs += reserveMs
    slice.settleMs += settleMs
  } while (slice.reserveMs + slice.settleMs < seconds * 1_000)
  return slice
}

/** Returns what decides the next calls, as many as are in flight; they are made off the clock. */
function openLedger(startMs: number): () => Slice {
  const account = accountRow(startMs)
  const core = new LedgerCore(new CoreStore())
  core.open({ epoch: 1, account, spends: [] }, startMs)
  const keys = Array.from({ length: KEYS }, (_, index) => [keyRow(index), account])
  let calls = 0
  const nextCall = (): Call => {
    const rows = keys[calls % KEYS] ?? []
    const nowMs = startMs + Math.floor(calls++ / CALLS_PER_MS)
    return makeCall(rows, nowMs)
  }
  return () => decideAll(core, Array.from({ length: IN_FLIGHT }, nextCall))
}

/** A team with a daily budget and rate limits. */
function accountRow(nowMs: number): PolicyRow {
  const duration = { count: 1, unit: 'd' } as const
  return {
    ...unlimitedRow('account', 'team:6e1c0f5e-52f1-4d3b-9a53-0f6a1b2c3d4e'),
    version: 1,
    budgets: [{ id: 'main', limitPico: LIMIT_PICO, duration, anchorMs: nowMs }],
    rates: { requestsPerMinute: 1e9, tokensPerMinute: 1e12, parallelRequests: null },
  }
}

/** A key, named by a hash as long as a real one, with a budget for ever. */
function keyRow(index: number): PolicyRow {
  return {
    ...unlimitedRow('key', index.toString(16).padStart(64, '5a')),
    version: 1,
    budgets: [{ id: 'main', limitPico: LIMIT_PICO, duration: null, anchorMs: 0 }],
  }
}

/** Every message brings rows of its own, as it does through RPC: nothing is known by identity. */
function makeCall(rows: readonly PolicyRow[], nowMs: number): Call {
  const id = entryId(nowMs)
  const money = { expectedPico: 2n * COST_PICO, boundPico: 3n * COST_PICO, expectedTokens: 520 }
  const detail = { modelGroup: 'bench', stream: false }
  const spent = { chargePico: COST_PICO, tokens: 15, detail: { status: 'success' } }
  return {
    nowMs,
    reserve: { id, rows: structuredClone(rows), ...money, detail },
    settle: { id, rows: structuredClone(rows), ...spent },
  }
}

function decideAll(core: LedgerCore, calls: readonly Call[]): Slice {
  const startMs = performance.now()
  for (const { reserve, nowMs } of calls) admit(core, reserve, nowMs)
  const reservedMs = performance.now()
  for (const { settle, nowMs } of calls) core.settle(settle, nowMs)
  const settleMs = performance.now() - reservedMs
  return { decisions: calls.length, reserveMs: reservedMs - startMs, settleMs }
}

function admit(core: LedgerCore, request: ReserveRequest, nowMs: number): void {
  const { kind } = core.reserve(request, nowMs)
  if (kind !== 'admitted') throw new Error(`a decision of the bench was ${kind}, not admitted`)
}
