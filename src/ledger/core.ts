import type { Pico } from '../money.ts'
import { adjust } from './adjust.ts'
import { admitted, decided } from './answers.ts'
import { Books } from './books.ts'
import { chargeUnknown, correct, type End, endHold, type Parts } from './ends.ts'
import { bounded, HOLD_MS, isLate, isYoung, newHold, tombstone } from './entries.ts'
import { leave, remember, takeOver } from './moves.ts'
import { Policies } from './policies.ts'
import type { PolicyRow } from './policy.ts'
import { judge, plain } from './refusals.ts'
import { allScopes, rulesOf, scopesOf } from './scopes.ts'
import type { Entry, LedgerStore } from './store.ts'
import type {
  AdjustAnswer,
  AdjustRequest,
  Balance,
  DecideAnswer,
  EntryDetail,
  Opening,
  OpeningSpend,
  ReserveAnswer,
  ReserveRequest,
  ScopeState,
  SettleAnswer,
  SettleRequest,
} from './types.ts'
import { ROLLING } from '../windows.ts'

const FREE = { chargePico: 0n, tokens: 0 } as const

/**
 * The account's books: what was spent, what is held, and who may spend more. Synchronous and
 * without a clock: every operation takes `nowMs`, and ledger time never goes back.
 */
export class LedgerCore {
  #store: LedgerStore
  #books: Books
  #policies: Policies
  /** In order of deadline, because each is set to now + HOLD_MS when it enters. */
  #held = new Map<string, Entry>()
  #nowMs: number

  constructor(store: LedgerStore, resets = ROLLING) {
    this.#store = store
    this.#nowMs = store.lastMs()
    for (const entry of store.held().toSorted((a, b) => a.deadlineMs - b.deadlineMs)) {
      this.#held.set(entry.id, entry)
      this.#advance(entry.deadlineMs - HOLD_MS)
    }
    this.#policies = new Policies(store, resets)
    this.#books = new Books(this.#store, this.#policies, this.#nowMs)
  }

  get epoch(): number {
    return this.#policies.epoch
  }

  get nextDeadlineMs(): number | null {
    for (const entry of this.#held.values()) return entry.deadlineMs
    return null
  }

  get holds(): number {
    return this.#held.size
  }

  /** The sums, for who moves entries into the checkpoint. */
  get books(): Books {
    return this.#books
  }

  /** The account's own row, as its opening or a later telling gave it. */
  account(): PolicyRow | null {
    return this.#policies.account
  }

  /** The first opening wins; spend that Postgres knew of is where the windows start. */
  open(opening: Opening, nowMs: number): { readonly epoch: number } {
    this.#advance(nowMs)
    if (!this.account()) {
      this.#policies.open(opening, nowMs)
      this.#books = new Books(this.#store, this.#policies, this.#nowMs)
    }
    return { epoch: this.epoch }
  }

  /** Sets money and tokens aside at every scope, or at none. Refusals are returned, not thrown. */
  reserve(request: ReserveRequest, atMs: number): ReserveAnswer {
    const nowMs = this.#advance(atMs)
    if (!this.account()) return this.#policies.unopened(nowMs)
    const known = this.#store.entry(request.id, 0)
    if (known && (known.state === 'tombstone' || known.state === 'released')) {
      return { kind: 'refused', refusal: plain('released', null) }
    }
    const scopes = scopesOf(request, nowMs)
    if (known) {
      const standings = this.#books.look(scopes, nowMs)
      const given = { request, standings, holdPico: known.holdPico, addedPico: 0n }
      return admitted({ ...given, wouldRefuse: null }, nowMs)
    }
    if (isLate(request.id, atMs)) return { kind: 'refused', refusal: plain('released', null) }
    this.expire(nowMs)
    const stale = this.#policies.stale(request.rows)
    if (stale) return stale
    const standings = this.#books.look(scopes, nowMs)
    const { refusal, wouldRefuse, holdPico } = judge(standings, request, nowMs)
    if (refusal) return { kind: 'refused', refusal }

    // From here it must succeed.
    const entry = newHold({ request, scopes, holdPico }, nowMs)
    this.#store.insert(entry)
    this.#books.hold(entry, standings)
    this.#held.set(entry.id, entry)
    const addedPico = entry.holdPico
    return admitted({ request, standings, wouldRefuse, holdPico: addedPico, addedPico }, nowMs)
  }

  /** What reserve would answer, and how everything stands; nothing is held. */
  decide(request: ReserveRequest, atMs: number): DecideAnswer {
    const nowMs = this.#advance(atMs)
    if (!this.account()) return this.#policies.unopened(nowMs)
    this.expire(nowMs)
    const stale = this.#policies.stale(request.rows)
    if (stale) return stale
    const standings = this.#books.look(scopesOf(request, nowMs), nowMs)
    return decided({ request, standings }, judge(standings, request, nowMs), nowMs)
  }

  /** The call still lives: its hold gets another HOLD_MS. False if there is no such hold. */
  renew(id: string, seenPico: Pico, atMs: number): boolean {
    const nowMs = this.#advance(atMs)
    const entry = this.#held.get(id)
    if (!entry) return false
    const renewed = { ...entry, seenPico: bounded(seenPico), deadlineMs: nowMs + HOLD_MS }
    this.#store.update(renewed)
    this.#held.delete(id)
    this.#held.set(id, renewed)
    return true
  }

  /** Charges what the call cost. Once: a repeated settle changes nothing. */
  settle(request: SettleRequest, atMs: number): SettleAnswer {
    const nowMs = this.#advance(atMs)
    if (!this.account()) return this.#policies.unopened(nowMs)
    const scopes = scopesOf(request, nowMs)
    const entry = this.#entry(request.id)
    if (!entry) {
      if (!isYoung(request.id, nowMs)) return { kind: 'unknown' }
      if (!this.#store.wasFolded(request.id)) chargeUnknown(this.#parts, { request, scopes }, nowMs)
    } else if (entry.state === 'held') {
      this.#end(entry, { ...request, state: 'settled', rules: entry.rules }, nowMs)
    } else if (entry.state !== 'settled' && entry.state !== 'adjusted') {
      correct(this.#parts, { entry, news: { ...request, rules: rulesOf(scopes) } }, nowMs)
    }
    this.expire(nowMs)
    return { kind: 'settled', scopes: this.#books.states(scopes, nowMs) }
  }

  /** The call cost nothing. An id not seen yet leaves a tombstone that refuses its late reserve. */
  release(id: string, detail: EntryDetail, atMs: number): void {
    const nowMs = this.#advance(atMs)
    const entry = this.#entry(id)
    if (!entry && !this.#store.wasFolded(id)) {
      this.#store.insert({ ...tombstone(id, nowMs), detail })
    } else if (entry?.state === 'held') {
      this.#end(entry, { ...FREE, state: 'released', rules: [], detail }, nowMs)
    } else if (entry?.state === 'expired') {
      correct(this.#parts, { entry, news: { ...FREE, detail, rules: entry.rules } }, nowMs)
    }
    this.expire(nowMs)
  }

  /** Ends holds past their deadline: an orphan is charged the larger of what was seen and held. */
  expire(atMs: number): void {
    const nowMs = this.#advance(atMs)
    for (const entry of this.#held.values()) {
      if (entry.deadlineMs > nowMs) return
      const chargePico = entry.seenPico > entry.holdPico ? entry.seenPico : entry.holdPico
      const end = { state: 'expired', chargePico, tokens: entry.holdTokens } as const
      this.#end(entry, { ...end, rules: entry.rules, detail: { status: 'expired' } }, nowMs)
    }
  }

  /**
   * Every budget of these rows at this instant, each row's main one first, then its windows and its
   * models'. Null if this ledger has not taken over yet.
   */
  read(rows: readonly PolicyRow[], atMs: number): readonly ScopeState[] | null {
    const nowMs = this.#advance(atMs)
    if (!this.account()) return null
    this.expire(nowMs)
    const wanted = new Set(rows)
    const all = allScopes({ rows: this.#policies.complete(rows) }, nowMs)
    const scopes = all.filter(({ row }) => wanted.has(row))
    return this.#books.states(scopes, nowMs)
  }

  /** A row that the admin API changed: requests that carry an older one are told. */
  tell(row: PolicyRow, atMs: number): void {
    const nowMs = this.#advance(atMs)
    const told = this.#policies.tell(row, nowMs)
    if (!told) return
    this.#books.windows.forget(row, this.#policies.rulesOf(row, nowMs), nowMs)
    for (const one of [row, ...(told.lendsAnew ? this.#books.borrowersOf(row) : [])]) {
      this.#books.windows.turn(this.#policies.rulesOf(one, nowMs), nowMs)
    }
  }

  /** Sets what a scope has spent. Once per id. */
  adjust(request: AdjustRequest, atMs: number): AdjustAnswer {
    const nowMs = this.#advance(atMs)
    if (!this.account()) return this.#policies.unopened(nowMs)
    this.expire(nowMs)
    const rows = this.#policies.complete(request.rows)
    return adjust(this.#parts, { ...request, rows }, nowMs)
  }

  /** A key goes to another account, with its spend. Null if this ledger has not taken over yet. */
  leave(key: PolicyRow, atMs: number): Balance | null {
    const nowMs = this.#advance(atMs)
    if (!this.account()) return null
    this.expire(nowMs)
    this.tell(key, nowMs)
    return leave(this.#parts, key, nowMs)
  }

  /** A key comes from another account. */
  arrive(key: PolicyRow, balance: Balance, atMs: number): void {
    const nowMs = this.#advance(atMs)
    if (!this.account()) throw new Error('a key came to a ledger that has not taken over')
    takeOver(this.#parts, { name: key.id, balance }, nowMs)
    this.tell(key, nowMs)
  }

  /** A window was added after it had begun: what its scope had spent in it. Once per version. */
  remember(spend: OpeningSpend, version: number, atMs: number): void {
    const nowMs = this.#advance(atMs)
    if (this.account()) remember(this.#parts, { spend, version }, nowMs)
  }

  #advance(atMs: number): number {
    if (atMs > this.#nowMs) this.#nowMs = atMs
    return this.#nowMs
  }

  /** A hold is in memory as it is on disk: it need not be read again to end. */
  #entry(id: string): Entry | null {
    return this.#held.get(id) ?? this.#store.entry(id, 0)
  }

  get #parts(): Parts {
    return { store: this.#store, books: this.#books }
  }

  #end(entry: Entry, end: End, nowMs: number): void {
    this.#held.delete(entry.id)
    endHold(this.#parts, { entry, end }, nowMs)
  }
}
