import type { Pico } from '../money.ts'
import { Books, rulesOf, scopeOf } from './books.ts'
import { bounded, HOLD_MS, isLate, isYoung, newHold, tombstone } from './entries.ts'
import { findRefusal, isTight, plain } from './refusals.ts'
import type {
  Charged,
  Entry,
  EntryDetail,
  LedgerStore,
  Opening,
  PolicyRow,
  ReserveAnswer,
  ReserveRequest,
  ScopeId,
  ScopeState,
  SettleAnswer,
  SettleRequest,
  Unopened,
  WindowRule,
  WindowSum,
} from './types.ts'

/** Who is sent to open a ledger has this long; after it the next asker is sent. */
const OPENING_MS = 2_000
const OPENING_POLL_MS = 25

/**
 * The account's books: what was spent, what is held, and who may spend more. Synchronous and
 * without a clock: every operation takes `nowMs`, and ledger time never goes back.
 */
export class LedgerCore {
  #store: LedgerStore
  #books: Books
  /** In order of deadline, because each is set to now + HOLD_MS when it enters. */
  #held = new Map<string, Entry>()
  #nowMs: number
  #openingUntilMs = 0
  #opening: Pick<Opening, 'epoch' | 'account'> | null

  constructor(store: LedgerStore) {
    this.#store = store
    this.#books = new Books(store)
    this.#nowMs = store.lastMs()
    this.#opening = latest(store)
    if (this.#opening) this.#books.learn(this.#opening.account)
    for (const entry of store.held().toSorted((a, b) => a.deadlineMs - b.deadlineMs)) {
      this.#held.set(entry.id, entry)
      this.#advance(entry.deadlineMs - HOLD_MS)
    }
  }

  get epoch(): number {
    return this.#opening?.epoch ?? 0
  }

  get nextDeadlineMs(): number | null {
    for (const entry of this.#held.values()) return entry.deadlineMs
    return null
  }

  /** The first opening wins; spend that Postgres knew of is where the windows start. */
  open(opening: Opening, nowMs: number): { readonly epoch: number } {
    this.#advance(nowMs)
    if (!this.#opening) {
      this.#books.load(['account', ...opening.spends.map(({ scope }) => scope)])
      this.#store.saveOpening(opening)
      for (const { scope, budget, startMs, spentPico } of opening.spends) {
        this.#books.charge([[scope, budget, startMs]], spentPico)
      }
      for (const row of [opening.account, ...(opening.changed ?? [])]) this.tell(row, nowMs)
      this.#opening = latest(this.#store)
    }
    return { epoch: this.epoch }
  }

  /** Sets money and tokens aside at every scope, or at none. Refusals are returned, not thrown. */
  reserve(request: ReserveRequest, atMs: number): ReserveAnswer {
    const nowMs = this.#advance(atMs)
    if (!this.#opening) return this.#unopened(nowMs)
    const known = this.#store.entry(request.id, 0)
    if (known && (known.state === 'tombstone' || known.state === 'released')) {
      return { kind: 'refused', refusal: plain('released', null) }
    }
    if (known) return this.#admitted(request, nowMs)
    if (isLate(request.id, atMs)) return { kind: 'refused', refusal: plain('released', null) }
    this.expire(nowMs)
    const stale = this.#newerRow(request.rows)
    if (stale) return { kind: 'stale', row: stale }
    const refusal = findRefusal(this.#books, request, nowMs)
    if (refusal) return { kind: 'refused', refusal }

    // From here it must succeed.
    const entry = newHold(request, nowMs)
    this.#store.insert(entry)
    this.#books.hold(entry)
    this.#held.set(entry.id, entry)
    return this.#admitted(request, nowMs)
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
    if (!this.#opening) return this.#unopened(nowMs)
    const entry = this.#store.entry(request.id, 0)
    if (!entry) {
      if (!isYoung(request.id, nowMs)) return { kind: 'unknown' }
      if (!this.#store.wasFolded(request.id)) this.#chargeUnknown(request, nowMs)
    } else if (entry.state === 'held') {
      const charged = this.#books.windows(rulesOf(request.rows), nowMs)
      this.#end(entry, { ...request, state: 'settled', charged }, nowMs)
    } else if (entry.state !== 'settled') {
      this.#correct(entry, { ...request, rules: rulesOf(request.rows) }, nowMs)
    }
    this.expire(nowMs)
    return { kind: 'settled', scopes: this.#states(request.rows, nowMs) }
  }

  /** The call cost nothing. An id not seen yet leaves a tombstone that refuses its late reserve. */
  release(id: string, detail: EntryDetail, atMs: number): void {
    const nowMs = this.#advance(atMs)
    const entry = this.#store.entry(id, 0)
    if (!entry && !this.#store.wasFolded(id)) {
      this.#store.insert({ ...tombstone(id, nowMs), detail })
    } else if (entry?.state === 'held') {
      this.#end(entry, { state: 'released', chargePico: 0n, tokens: 0, charged: [], detail }, nowMs)
    } else if (entry?.state === 'expired') {
      this.#correct(entry, { chargePico: 0n, tokens: 0, detail, rules: entry.rules }, nowMs)
    }
    this.expire(nowMs)
  }

  /** Ends holds past their deadline: an orphan is charged the larger of what was seen and held. */
  expire(atMs: number): void {
    const nowMs = this.#advance(atMs)
    for (const entry of this.#held.values()) {
      if (entry.deadlineMs > nowMs) return
      const chargePico = entry.seenPico > entry.holdPico ? entry.seenPico : entry.holdPico
      const charged = this.#books.windows(entry.rules, nowMs)
      const end = { state: 'expired', chargePico, tokens: entry.holdTokens, charged } as const
      this.#end(entry, { ...end, detail: { status: 'expired' } }, nowMs)
    }
  }

  /** Each row's main budget at this instant; null if this ledger has not taken over yet. */
  read(rows: readonly PolicyRow[], atMs: number): readonly ScopeState[] | null {
    const nowMs = this.#advance(atMs)
    if (!this.#opening) return null
    this.expire(nowMs)
    return this.#states(rows, nowMs)
  }

  /** A row that the admin API changed: requests that carry an older one are told. */
  tell(row: PolicyRow, atMs: number): void {
    const nowMs = this.#advance(atMs)
    const known = this.#store.told(row.kind, row.id)
    if (known && known.version >= row.version) return
    this.#store.saveTold(row, nowMs)
    this.#books.learn(row)
    if (row.kind === 'account' && this.#opening) this.#opening = { ...this.#opening, account: row }
  }

  get holds(): number {
    return this.#held.size
  }

  /** The account's own row, as its opening or a later telling gave it. */
  account(): PolicyRow | null {
    return this.#opening?.account ?? null
  }

  /** Sums stay as they are while entries move into the checkpoint; they must be in memory first. */
  load(scopes: readonly ScopeId[]): void {
    this.#books.load(scopes)
  }

  /** A scope's main window as it stands, for the copy in Postgres. */
  standing(scope: ScopeId): WindowSum | null {
    return this.#books.standing(scope)
  }

  #unopened(nowMs: number): Unopened {
    if (nowMs < this.#openingUntilMs) return { kind: 'unopened', waitMs: OPENING_POLL_MS }
    this.#openingUntilMs = nowMs + OPENING_MS
    return { kind: 'unopened', waitMs: 0 }
  }

  #advance(atMs: number): number {
    if (atMs > this.#nowMs) this.#nowMs = atMs
    return this.#nowMs
  }

  #newerRow(rows: readonly PolicyRow[]): PolicyRow | null {
    for (const row of rows) {
      const told = this.#store.told(row.kind, row.id)
      if (told && told.version > row.version) return told
    }
    return null
  }

  #admitted(request: ReserveRequest, nowMs: number): ReserveAnswer {
    const tight = isTight(this.#books, request, nowMs)
    return { kind: 'admitted', tight, scopes: this.#states(request.rows, nowMs) }
  }

  #states(rows: readonly PolicyRow[], nowMs: number): ScopeState[] {
    return rows.map((row) => this.#books.main(row, nowMs))
  }

  #end(entry: Entry, end: End, nowMs: number): void {
    const chargePico = bounded(end.chargePico)
    const detail = { ...entry.detail, ...end.detail }
    const { state, tokens, charged } = end
    this.#store.update({ ...entry, state, chargePico, tokens, charged, detail, endedMs: nowMs })
    this.#held.delete(entry.id)
    this.#books.end(entry, tokens, nowMs)
    this.#books.charge(charged, chargePico)
  }

  #chargeUnknown(request: SettleRequest, nowMs: number): void {
    const charged = this.#books.windows(rulesOf(request.rows), nowMs)
    const chargePico = bounded(request.chargePico)
    this.#store.insert({
      ...tombstone(request.id, nowMs),
      state: 'settled',
      scopes: request.rows.map(scopeOf),
      chargePico,
      charged,
      tokens: request.tokens,
      detail: { ...request.detail, unknown: true },
    })
    this.#books.charge(charged, chargePico)
    this.#books.unannounced(request.rows.map(scopeOf), request.tokens, nowMs)
  }

  /** News after the end: the signed difference, once, in the windows that were charged. */
  #correct(entry: Entry, news: Correction, nowMs: number): void {
    if (this.#store.entry(entry.id, 1)) return
    const wasCharged = entry.charged.length > 0
    const charged = wasCharged ? entry.charged : this.#books.windows(news.rules, nowMs)
    const chargePico = bounded(news.chargePico) - entry.chargePico
    this.#books.load(charged.map(([scope]) => scope))
    this.#store.insert({
      ...entry,
      revision: 1,
      state: 'settled',
      scopes: [...new Set(news.rules.map(({ scope }) => scope))],
      endedMs: wasCharged ? entry.endedMs : nowMs,
      chargePico,
      charged,
      tokens: news.tokens - entry.tokens,
      detail: { ...entry.detail, ...news.detail, corrected: true },
    })
    this.#books.charge(charged, chargePico)
  }
}

interface Correction {
  readonly chargePico: Pico
  readonly tokens: number
  readonly detail: EntryDetail
  readonly rules: readonly WindowRule[]
}

function latest(store: LedgerStore): Pick<Opening, 'epoch' | 'account'> | null {
  const opening = store.opening()
  const told = opening && store.told('account', opening.account.id)
  return told && told.version > opening.account.version ? { ...opening, account: told } : opening
}

interface End {
  readonly state: 'settled' | 'released' | 'expired'
  readonly chargePico: Pico
  readonly tokens: number
  readonly charged: readonly Charged[]
  readonly detail: EntryDetail
}
