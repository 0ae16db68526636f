import { unavailable } from '../errors.ts'
import { describe, log } from '../log.ts'
import type { Pico } from '../money.ts'
import { within } from '../within.ts'
import type { PolicyRow } from './policy.ts'
import type {
  AdjustAnswer,
  AdjustRequest,
  Audit,
  Balance,
  DecideAnswer,
  EntryDetail,
  FoundResponse,
  Opening,
  OpeningSpend,
  ReserveAnswer,
  ReserveRequest,
  ScopeState,
  SettleAnswer,
  SettleRequest,
  Unfinished,
  Unopened,
} from './types.ts'

/** The ledger object's methods, as they look through a stub. */
export interface LedgerRpc {
  open(opening: Opening): Promise<unknown>
  reserve(request: ReserveRequest): Promise<ReserveAnswer>
  renew(id: string, seenPico: Pico): Promise<boolean>
  settle(request: SettleRequest): Promise<SettleAnswer>
  release(id: string, detail: EntryDetail): Promise<unknown>
  read(rows: readonly PolicyRow[]): Promise<readonly ScopeState[] | null>
  tell(rows: readonly PolicyRow[]): Promise<unknown>
  decide(request: ReserveRequest): Promise<DecideAnswer>
  adjust(request: AdjustRequest): Promise<AdjustAnswer>
  leave(key: PolicyRow): Promise<Balance | null>
  arrive(key: PolicyRow, balance: Balance): Promise<unknown>
  remember(spend: OpeningSpend, version: number): Promise<unknown>
  flush(): Promise<Unfinished>
  audit(): Promise<Audit | null>
  findResponse(responseId: string): Promise<FoundResponse | null>
}

/** One account's ledger. Nothing above this module knows how or where it is kept. */
export interface LedgerClient {
  reserve(request: ReserveRequest): Promise<Exclude<ReserveAnswer, Unopened>>
  renew(id: string, seenPico: Pico): Promise<void>
  /** Null if the charge could not be delivered: the hold's deadline will charge it. */
  settle(request: SettleRequest): Promise<readonly ScopeState[] | null>
  release(id: string, detail: EntryDetail): Promise<void>
  /** Null if the ledger has not taken over yet: Postgres still knows best. */
  read(rows: readonly PolicyRow[]): Promise<readonly ScopeState[] | null>
  tell(rows: readonly PolicyRow[]): Promise<void>
  /** What reserve would answer; holds nothing. */
  decide(request: ReserveRequest): Promise<Exclude<DecideAnswer, Unopened>>
  /** Sets a spend; opens a ledger that was claimed only. Null: no such account. Throws 503. */
  adjust(request: AdjustRequest): Promise<Exclude<AdjustAnswer, Unopened> | null>
  /**
   * A key moves to another account: its calls are referred from now on, and what it spent here goes
   * with it. The same each time for one version of its row. Null: the ledger has not taken over yet.
   */
  leave(key: PolicyRow): Promise<Balance | null>
  /** Takes that over, once. */
  arrive(key: PolicyRow, balance: Balance): Promise<void>
  /** Adds what a window had spent before it was there, once per version. Throws 503. */
  remember(spend: OpeningSpend, version: number): Promise<void>
  /** Brings entries to Postgres now; says what is left. */
  flush(): Promise<Unfinished>
  /** Null if the ledger has not taken over yet. */
  audit(): Promise<Audit | null>
  /** Null if no entry that is still here made it. Throws 503. */
  findResponse(responseId: string): Promise<FoundResponse | null>
}

export interface LedgerDeps {
  /** A fresh stub each time: one that failed once keeps failing. */
  readonly rpc: () => LedgerRpc
  readonly loadOpening: () => Promise<Opening | null>
  readonly sleep: (ms: number) => Promise<void>
  /** Work that goes on after its request was answered. */
  readonly defer: (work: Promise<unknown>) => void
}

/** Askers of a new ledger wait for the one that opens it; past this they open it themselves. */
const OPENING_POLLS_MAX = 100
const RPC_TIMEOUT_MS = 5_000
const RESERVE_WAITS_MS = [50, 200] as const
const TELL_WAITS_MS = [50, 200, 500, 1_000, 2_000] as const
/** A charge that is known is worth almost all of the 30 s that a Worker lives after its client. */
const SETTLE_WAITS_MS = [50, 200, 500, 1_000, 2_000, 4_000, 8_000, 8_000] as const

export function ledgerClient(deps: LedgerDeps): LedgerClient {
  const { rpc } = deps
  const call: Caller = (waitsMs, act) => attempt(deps, waitsMs, act)
  const release = async (id: string, detail: EntryDetail): Promise<void> => {
    await call(SETTLE_WAITS_MS, () => rpc().release(id, detail)).catch((error: unknown) => {
      log('error', 'release_failed', { id, error: describe(error) })
    })
  }
  return {
    release,
    reserve: (request) => reserve(deps, request, release),
    settle: (request) => settle(deps, request),
    renew: async (id, seenPico) => {
      await call(RESERVE_WAITS_MS, () => rpc().renew(id, seenPico))
    },
    flush: () => call(RESERVE_WAITS_MS, () => rpc().flush()).catch(unreachable),
    audit: () => call(RESERVE_WAITS_MS, () => rpc().audit()).catch(unreachable),
    findResponse: (id) => call(RESERVE_WAITS_MS, () => rpc().findResponse(id)).catch(unreachable),
    read: (rows) => call(RESERVE_WAITS_MS, () => rpc().read(rows)),
    tell: async (rows) => {
      await call(TELL_WAITS_MS, () => rpc().tell(rows))
    },
    decide: (request) => decide(deps, request),
    adjust: async (request) => {
      // One that was claimed and never came to be is opened: nobody else can set a spend.
      const ask = () => call(TELL_WAITS_MS, () => rpc().adjust(request))
      const answer = await opened(deps, ask).catch(unreachable)
      return answer.kind === 'unopened' ? null : answer
    },
    leave: (key) => call(TELL_WAITS_MS, () => rpc().leave(key)),
    arrive: async (key, balance) => {
      await call(TELL_WAITS_MS, () => rpc().arrive(key, balance))
    },
    remember: async (spend, version) => {
      await call(TELL_WAITS_MS, () => rpc().remember(spend, version)).catch(unreachable)
    },
  }
}

const BEING_CHANGED = 'This account is being changed. Please try again.'
const UNREACHABLE = 'The budget ledger cannot be reached right now. Please try again.'

function unreachable(error: unknown): never {
  log('error', 'ledger_unreachable', { error: describe(error) })
  throw unavailable(UNREACHABLE)
}

type Caller = <T>(waitsMs: readonly number[], act: () => Promise<T>) => Promise<T>

/** A reserve whose outcome stays unknown is released: its hold would block others for minutes. */
async function reserve(
  deps: LedgerDeps,
  request: ReserveRequest,
  release: LedgerClient['release'],
): Promise<Exclude<ReserveAnswer, Unopened>> {
  try {
    const answer = await opened(deps, () =>
      attempt(deps, RESERVE_WAITS_MS, () => deps.rpc().reserve(request)),
    )
    if (answer.kind !== 'unopened') return answer
  } catch (error) {
    log('error', 'reserve_failed', { id: request.id, error: describe(error) })
    deps.defer(release(request.id, { status: 'failure', reason: 'reserve outcome unknown' }))
    throw unavailable(UNREACHABLE)
  }
  throw unavailable(BEING_CHANGED)
}

async function decide(
  deps: LedgerDeps,
  request: ReserveRequest,
): Promise<Exclude<DecideAnswer, Unopened>> {
  const answer = await opened(deps, () =>
    attempt(deps, RESERVE_WAITS_MS, () => deps.rpc().decide(request)),
  ).catch(unreachable)
  if (answer.kind !== 'unopened') return answer
  throw unavailable(BEING_CHANGED)
}

async function settle(
  deps: LedgerDeps,
  request: SettleRequest,
): Promise<readonly ScopeState[] | null> {
  try {
    const answer = await opened(deps, () =>
      attempt(deps, SETTLE_WAITS_MS, () => deps.rpc().settle(request)),
    )
    if (answer.kind === 'settled') return answer.scopes
    log('error', 'settle_refused', { id: request.id, answer: answer.kind })
  } catch (error) {
    const { id, chargePico } = request
    log('error', 'settle_failed', { id, chargePico, error: describe(error) })
  }
  return null
}

/** Opens a ledger that says it is new, then asks again. The first opening wins. */
async function opened<T extends { readonly kind: string }>(
  deps: LedgerDeps,
  ask: () => Promise<T>,
): Promise<T> {
  let answer = await ask()
  for (
    let polls = 0;
    isUnopened(answer) && answer.waitMs > 0 && polls < OPENING_POLLS_MAX;
    polls++
  ) {
    await deps.sleep(answer.waitMs)
    answer = await ask()
  }
  if (!isUnopened(answer)) return answer
  const opening = await deps.loadOpening()
  if (!opening) return answer
  await attempt(deps, RESERVE_WAITS_MS, () => deps.rpc().open(opening))
  return ask()
}

function isUnopened(answer: { readonly kind: string }): answer is Unopened {
  return answer.kind === 'unopened'
}

/** Every operation is idempotent by id, so a call that broke off may be sent again. */
async function attempt<T>(
  { sleep }: LedgerDeps,
  waitsMs: readonly number[],
  act: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await within(RPC_TIMEOUT_MS, act())
    } catch (error) {
      const waitMs = waitsMs[tries]
      if (waitMs === undefined || (isOverloaded(error) && waitsMs !== SETTLE_WAITS_MS)) throw error
      await sleep(waitMs * (0.75 + Math.random() / 2))
    }
  }
}

/** An overloaded object asks for less, not for the same again; only charges are still brought. */
function isOverloaded(error: unknown): boolean {
  return error instanceof Error && 'overloaded' in error && error.overloaded === true
}
