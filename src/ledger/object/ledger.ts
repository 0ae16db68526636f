import { DurableObject } from 'cloudflare:workers'
import { connect } from '../../db/connect.ts'
import { writeRefusals } from '../../db/refusals.ts'
import { describe, log } from '../../log.ts'
import { within } from '../../within.ts'
import { type SnapshotAnswer, snapshotOf } from '../snapshot.ts'
import { writeAll } from './delivery.ts'
import { RefusalCount } from './refusal-count.ts'
import type { Pico } from '../../money.ts'
import { LedgerCore } from '../core.ts'
import { Outbox } from './outbox.ts'
import { findResponse } from './responses.ts'
import { Registration } from './registration.ts'
import { SqlStore } from './sql-store.ts'
import type { PolicyRow } from '../policy.ts'
import { type Resets, ROLLING } from '../../windows.ts'
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
} from '../types.ts'

/** Postgres hears of a settle this much later, together with those beside it. */
const DELIVER_AFTER_MS = 1_000
/** And this much later of refusals, however many there are. */
const REFUSALS_AFTER_MS = 5_000
const BACKOFF_MAX_MS = 60_000
/** One alarm delivers for at most this long, then yields to a fresh one. */
const ALARM_MAX_MS = 30_000
/** Without traffic for this long a scrape may forget the ledger until its next settle. */
const METRICS_IDLE_MS = 120_000
/** Well below what callers wait for an answer; a delivery under way goes on. */
const FLUSH_MAX_MS = 2_000
const TOLD_KEPT_MS = 24 * 3_600_000

/** The account's ledger as a Durable Object: a shell around LedgerCore that adds disk and clock. */
export class Ledger extends DurableObject<Env> {
  #store!: SqlStore
  #outbox!: Outbox
  #core!: LedgerCore
  #alarmMs: number | null = null
  #failures = 0
  #registration!: Registration
  readonly #refusals: RefusalCount

  /** How windows lie that rows say nothing about: as this deployment's config.yaml has it. */
  protected get resets(): Resets {
    return ROLLING
  }

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#refusals = new RefusalCount(ctx.storage.sql)
    ctx.storage.transactionSync(() => this.#load())
  }

  open(opening: Opening): { readonly epoch: number } {
    return this.#run((nowMs) => this.#core.open(opening, nowMs))
  }

  reserve(request: ReserveRequest): ReserveAnswer {
    return this.#run((nowMs) => {
      const answer = this.#core.reserve(request, nowMs)
      if (answer.kind === 'refused') this.#refusals.add(nowMs)
      return answer
    })
  }

  renew(id: string, seenPico: Pico): boolean {
    return this.#run((nowMs) => this.#core.renew(id, seenPico, nowMs))
  }

  /** Answered once the charge is on disk and the metrics hub knows that this ledger has news. */
  async settle(request: SettleRequest): Promise<SettleAnswer> {
    const answer = this.#run((nowMs) => this.#core.settle(request, nowMs))
    if (answer.kind === 'settled') await this.#register()
    return answer
  }

  release(id: string, detail: EntryDetail): void {
    this.#run((nowMs) => this.#core.release(id, detail, nowMs))
  }

  read(rows: readonly PolicyRow[]): readonly ScopeState[] | null {
    return this.#run((nowMs) => this.#core.read(rows, nowMs))
  }

  decide(request: ReserveRequest): DecideAnswer {
    return this.#run((nowMs) => this.#core.decide(request, nowMs))
  }

  /** A spend that was set is news for a scrape, as a settle is. */
  async adjust(request: AdjustRequest): Promise<AdjustAnswer> {
    const answer = this.#run((nowMs) => this.#core.adjust(request, nowMs))
    if (answer.kind === 'adjusted') await this.#register()
    return answer
  }

  leave(key: PolicyRow): Balance | null {
    return this.#run((nowMs) => this.#core.leave(key, nowMs))
  }

  arrive(key: PolicyRow, balance: Balance): void {
    this.#run((nowMs) => this.#core.arrive(key, balance, nowMs))
  }

  remember(spend: OpeningSpend, version: number): void {
    this.#run((nowMs) => this.#core.remember(spend, version, nowMs))
  }

  tell(rows: readonly PolicyRow[]): void {
    this.#run((nowMs) => {
      for (const row of rows) this.#core.tell(row, nowMs)
    })
  }

  /** Sends what Postgres does not have, as far as it goes, and says what is left: the alarm's. */
  async flush(): Promise<Unfinished> {
    this.#run((nowMs) => this.#core.expire(nowMs))
    await within(FLUSH_MAX_MS, this.#deliver()).catch((error: unknown) => {
      log('warn', 'flush_failed', { ledger: this.ctx.id.name, error: describe(error) })
    })
    return this.#unfinished()
  }

  /** What this ledger holds to be true of its account's main window. */
  audit(): Audit | null {
    return this.#run((nowMs) => {
      const row = this.#core.account()
      const [account] = row ? (this.#core.read([row], nowMs) ?? []) : []
      if (!account) return null
      const { pico } = this.#outbox.undelivered(['account', 'main', account.startMs])
      return { ...this.#unfinished(), epoch: this.#core.epoch, account, undeliveredPico: pico }
    })
  }

  findResponse(responseId: string): FoundResponse | null {
    return findResponse(this.ctx.storage.sql, responseId)
  }

  #unfinished(): Unfinished {
    const { count } = this.#outbox.undelivered(['account', 'main', 0])
    return { holds: this.#core.holds, undelivered: count }
  }

  /** For a scrape. An idle ledger agrees to be dropped, and says by which registration. */
  snapshot(): SnapshotAnswer {
    return this.#run((nowMs) => {
      const account = this.#core.account()
      if (!account)
        return { snapshot: null, registration: this.#registration.number, dropped: true }
      const [state] = this.#core.read([account], nowMs) ?? []
      const idleMs = nowMs - this.#store.lastMs()
      const dropped =
        idleMs >= METRICS_IDLE_MS && this.#core.nextDeadlineMs === null && this.#outbox.isEmpty()
      if (dropped) this.#registration.drop()
      const snapshot = state ? snapshotOf(account, state, this.resets) : null
      return { snapshot, registration: this.#registration.number, dropped }
    })
  }

  /** Delivers, folds and ends due holds. Never throws: a failed delivery is tried again, later. */
  override async alarm(): Promise<void> {
    this.#alarmMs = null
    const startedMs = Date.now()
    let hasNews = false
    try {
      this.#run((nowMs) => {
        this.#core.expire(nowMs)
        this.#outbox.fold(this.#core, nowMs)
        this.#store.forgetTold(nowMs - TOLD_KEPT_MS)
        this.#refusals.save(nowMs)
        hasNews = !this.#outbox.isEmpty()
      })
      while (Date.now() - startedMs < ALARM_MAX_MS && (await this.#deliver())) continue
      await this.#deliverRefusals()
      this.#failures = 0
    } catch (error) {
      this.#failures++
      const fields = { ledger: this.ctx.id.name, failures: this.#failures }
      log('warn', 'outbox_delivery_failed', { ...fields, error: describe(error) })
    }
    this.#arm(Date.now())
    // An orphan's charge is news that no settle announced; a hub that is away hears of it later.
    if (hasNews) await this.#register().catch(() => undefined)
  }

  /** Sends one batch and notes that Postgres has it. False when there was nothing to send. */
  async #deliver(): Promise<boolean> {
    const entries = this.#outbox.take()
    if (entries.length === 0) return false
    const seq = this.#run((nowMs) => this.#nextSeq(nowMs))
    const { epoch, books } = this.#core
    await writeAll(connect(this.env), { ...this.#account(), epoch, seq, books }, entries)
    this.#run((nowMs) => {
      this.#outbox.confirm(this.#core, entries, nowMs)
      this.#outbox.fold(this.#core, nowMs)
    })
    return true
  }

  async #deliverRefusals(): Promise<void> {
    const days = this.#refusals.untold()
    if (days.length === 0) return
    await writeRefusals(connect(this.env), this.#account(), days)
    this.#run(() => this.#refusals.confirm(days))
  }

  /** Grows with the clock, so that an object restored from an old copy is soon ahead again. */
  #nextSeq(nowMs: number): number {
    const seq = Math.max(nowMs, Number(this.#store.meta('seq') ?? 0) + 1)
    this.#store.saveMeta('seq', String(seq))
    return seq
  }

  #register(): Promise<void> {
    return this.#registration.announce(this.env.METRICS_HUB, this.#name())
  }

  #name(): string {
    const { name } = this.ctx.id
    if (name === undefined) throw new Error('a ledger is reached by name only')
    return name
  }

  /** A ledger is named after its account and the account's generation. */
  #account(): { readonly accountId: string; readonly generation: number } {
    const name = this.#name()
    const colon = name.lastIndexOf(':')
    return { accountId: name.slice(0, colon), generation: Number(name.slice(colon + 1)) }
  }

  #load(): void {
    this.#outbox = new Outbox(this.ctx.storage.sql)
    this.#store = new SqlStore(this.ctx.storage.sql, (id, revision) => {
      this.#outbox.add(id, revision)
    })
    this.#outbox.load()
    this.#core = new LedgerCore(this.#store, this.resets)
    this.#registration = new Registration(this.#store)
  }

  /** One operation: all of it on disk, or none of it there and none in memory. */
  #run<T>(operation: (nowMs: number) => T): T {
    const nowMs = Date.now()
    try {
      return this.ctx.storage.transactionSync(() => operation(nowMs))
    } catch (error) {
      this.#load()
      throw error
    } finally {
      this.#arm(nowMs)
    }
  }

  /** One alarm serves deliveries, folding and hold deadlines; it only ever moves closer. */
  #arm(nowMs: number): void {
    if (this.#alarmMs !== null && this.#alarmMs <= nowMs + DELIVER_AFTER_MS) return
    const dueMs = this.#dueMs(nowMs)
    if (dueMs === null || (this.#alarmMs !== null && this.#alarmMs <= dueMs)) return
    this.#alarmMs = dueMs
    void this.ctx.storage.setAlarm(dueMs)
  }

  #dueMs(nowMs: number): number | null {
    const backoffMs = Math.min(DELIVER_AFTER_MS * 2 ** this.#failures, BACKOFF_MAX_MS)
    // After a failure nothing is due at once: whatever threw may throw again.
    if (!this.#outbox.isEmpty() || this.#failures > 0) return nowMs + backoffMs
    const dues = [
      this.#core.nextDeadlineMs,
      this.#outbox.foldDueMs(),
      this.#refusals.hasNews ? nowMs + REFUSALS_AFTER_MS : null,
    ].filter((ms) => ms !== null)
    return dues.length > 0 ? Math.max(nowMs, Math.min(...dues)) : null
  }
}
