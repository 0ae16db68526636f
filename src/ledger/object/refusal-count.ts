import type { DayRefusals } from '../../db/refusals.ts'

const KEPT_DAYS_MS = 7 * 86_400_000

/**
 * How many calls this ledger has refused, by day in UTC. They are counted in memory and written with
 * an alarm, so that a flood of refusals costs no writes; what a crash takes along is the last seconds'.
 */
export class RefusalCount {
  readonly #sql: SqlStorage
  #fresh = new Map<string, number>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  add(nowMs: number): void {
    const day = dayOf(nowMs)
    this.#fresh.set(day, (this.#fresh.get(day) ?? 0) + 1)
  }

  /** Whether memory knows of some that the disk does not. */
  get hasNews(): boolean {
    return this.#fresh.size > 0
  }

  /** Writes down what memory has, and forgets days that Postgres has had for long. */
  save(nowMs: number): void {
    const add = `INSERT INTO refused (day, calls) VALUES (?, ?)
      ON CONFLICT (day) DO UPDATE SET calls = calls + excluded.calls`
    for (const [day, calls] of this.#fresh) this.#sql.exec(add, day, calls)
    const old = 'DELETE FROM refused WHERE told = calls AND day < ?'
    if (this.#fresh.size > 0) this.#sql.exec(old, dayOf(nowMs - KEPT_DAYS_MS))
    this.#fresh = new Map()
  }

  /** What Postgres does not have yet. */
  untold(): DayRefusals[] {
    const query = 'SELECT day, calls FROM refused WHERE calls > told ORDER BY day'
    return this.#sql.exec<{ day: string; calls: number }>(query).toArray()
  }

  /** Postgres has these. */
  confirm(days: readonly DayRefusals[]): void {
    for (const { day, calls } of days) {
      this.#sql.exec('UPDATE refused SET told = ? WHERE day = ?', calls, day)
    }
  }
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
