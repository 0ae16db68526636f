import type { BudgetPolicy, PolicyRow } from '../../src/ledger/policy.ts'
import { KEEP_MS } from '../../src/ledger/object/outbox.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  KEY_SCOPE,
  keyRow,
  opening,
  reserveOf,
  settleOf,
  T0,
} from './build.ts'
import { Disk, inObject } from './systems.ts'

const SECOND = 1_000
const MINUTE = 60_000
/** What a call is charged that nobody settles. */
export const HELD = 3n
const MIDNIGHT = T0 - 12 * 60 * MINUTE
const NEXT_MIDNIGHT = T0 + 12 * 60 * MINUTE
export const account = accountRow()

const day = (anchorMs: number, alignment: 'calendar' | 'rolling'): BudgetPolicy =>
  budget(null, '1d', { id: '1d', anchorMs, alignment })
export const plain = (version: number) => keyRow({ version })
export const withDay = (
  version: number,
  anchorMs = T0 - MINUTE,
  alignment: 'calendar' | 'rolling' = 'calendar',
) => keyRow({ version, budgets: [budget(null), day(anchorMs, alignment)] })

export const rolling = (version: number, anchorMs: number) => withDay(version, anchorMs, 'rolling')

export type Step = 'evict' | 'deliver' | 'fold' | 'remove' | 'spend' | 'add' | 'remember' | 'look'

/** A key whose window of a day is removed and added again, in a ledger with a disk. */
export class Story {
  readonly disk: Disk
  nowMs = T0
  row: PolicyRow
  /** What the log rows of the window say. */
  historyPico = 0n
  #calls = 0

  constructor(sql: SqlStorage, row = withDay(1)) {
    this.disk = new Disk(sql)
    this.disk.core.open(opening({ account }), T0)
    this.row = row
  }

  get rows(): readonly PolicyRow[] {
    return [this.row, account]
  }

  /** What the key's window of a day has spent. */
  get spent(): bigint | undefined {
    const states = this.disk.core.read([this.row], this.nowMs) ?? []
    return states.find((state) => state.budget === '1d')?.spentPico
  }

  hold(rows = this.rows): string {
    const id = idAt(this.nowMs, ++this.#calls)
    const request = reserveOf(id, rows, { expectedPico: HELD })
    admitted(this.disk.core.reserve(request, this.nowMs))
    return id
  }

  settle(id: string, pico: bigint, rows = this.rows): void {
    this.disk.core.settle(settleOf(id, rows, { chargePico: pico }), this.nowMs)
    this.historyPico += pico
  }

  tell(row: PolicyRow): void {
    this.row = row
    this.disk.core.tell(row, this.nowMs)
  }

  remember(): void {
    const { version } = this.row
    const window = { startMs: MIDNIGHT, endMs: NEXT_MIDNIGHT, version }
    const spend = { scope: KEY_SCOPE, budget: '1d', ...window, spentPico: this.historyPico }
    this.disk.core.remember(spend, version, this.nowMs)
  }

  do(step: Step): void {
    this.nowMs += SECOND
    if (step === 'evict') this.disk.evict()
    if (step === 'deliver') this.disk.drain(this.nowMs)
    if (step === 'fold') {
      this.disk.drain(this.nowMs)
      this.nowMs += KEEP_MS
      this.disk.tend(this.nowMs)
    }
    if (step === 'remove') this.tell(plain(this.row.version + 1))
    if (step === 'spend') this.settle(this.hold(), 30n)
    if (step === 'add') this.tell(withDay(this.row.version + 1, this.nowMs))
    if (step === 'remember') this.remember()
    if (step === 'look') this.disk.core.read([this.row], this.nowMs)
  }
}

export const story = (act: (one: Story) => void, row?: PolicyRow) =>
  inObject((sql) => {
    act(new Story(sql, row))
  })
