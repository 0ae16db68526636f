import { LedgerCore } from '../../src/ledger/core.ts'
import { Outbox } from '../../src/ledger/object/outbox.ts'
import { SqlStore } from '../../src/ledger/object/sql-store.ts'
import {
  accountRow,
  budget,
  idAt,
  keyRow,
  opening,
  rates,
  reserveOf,
  settleOf,
  T0,
} from '../ledger/build.ts'
import { Disk } from './sql.ts'

/**
 * Run by itself, with --expose-gc: prints how much heap a ledger keeps, in bytes, after each step.
 * SQLite's pages are no part of the heap, as in an object.
 */
const KEYS = 100_000
const USED = 1_000
const CALLS = 20

const key = (n: number) =>
  keyRow({ id: `${n}`.padStart(64, 'a'), rates: rates({ requestsPerMinute: 100 }) })
const account = accountRow({ budgets: [budget(10n ** 18n, '1d')] })

const { gc } = globalThis as unknown as { readonly gc: () => void }

function heap(): number {
  for (let i = 0; i < 3; i++) gc()
  return process.memoryUsage().heapUsed
}

const { sql } = new Disk()
let outbox: Outbox

function wake(): LedgerCore {
  outbox = new Outbox(sql as unknown as SqlStorage)
  const store = new SqlStore(sql as unknown as SqlStorage, (id, revision) => {
    outbox.add(id, revision)
  })
  outbox.load()
  return new LedgerCore(store)
}

function open(core: LedgerCore): void {
  const spends = Array.from({ length: KEYS }, (_, n) => {
    return { scope: `key:${key(n).id}`, budget: 'main', startMs: 0, spentPico: BigInt(n) }
  })
  core.open(opening({ account, spends }), T0)
}

function use(core: LedgerCore, round: number): void {
  for (let i = round * CALLS; i < (round + 1) * CALLS; i++) {
    for (let n = 0; n < USED; n++) {
      const [nowMs, id] = [T0 + i * 1_000 + n, idAt(T0 + i * 1_000 + n, i * USED + n)]
      const rows = [key(n), account]
      const { kind } = core.reserve(reserveOf(id, rows, { expectedPico: 5n }), nowMs)
      if (kind !== 'admitted') throw new Error(`call ${i} of key ${n}: ${kind}`)
      core.settle(settleOf(id, rows, { chargePico: 3n, tokens: 10 }), nowMs)
    }
    for (let batch = outbox.take(); batch.length > 0; batch = outbox.take()) {
      outbox.confirm(core, batch, T0 + (i + 1) * 1_000)
    }
  }
}

let core = wake()
const empty = heap()
open(core)
const opened = heap() - empty
use(core, 0)
const used = heap() - empty
core = wake()
const [first] = core.read([key(7)], T0 + CALLS * 1_000) ?? []
if (first?.spentPico !== 7n + 3n * BigInt(CALLS)) throw new Error(`wrong: ${first?.spentPico}`)
use(core, 1)
const woken = heap() - empty
process.stdout.write(JSON.stringify({ opened, used, woken, scopes: core.books.size }))
