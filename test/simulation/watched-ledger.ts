import { ROLLING, windowAt } from '../../src/windows.ts'
import { Ledger } from '../../src/ledger/object/ledger.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import { scopeOf } from '../../src/ledger/scopes.ts'
import type { ReserveAnswer, ReserveRequest } from '../../src/ledger/types.ts'
import type { Disk } from './sql.ts'

/** What those who watch the ledgers share. */
export interface Watch {
  readonly violations: string[]
  /** Row → its lowest version that may still be decided on: the admin was told that it is in force. */
  readonly inForce: Map<string, number>
  admissions: number
  /** Ids that the ledger was told to release while nothing was charged to them. */
  readonly released: Set<string>
  readonly refusals: Map<string, number>
}

/** The shipped object; after each admission its disk is added up anew and must have allowed it. */
export function watchedLedger(disk: () => Disk, watch: Watch) {
  return class extends Ledger {
    override reserve(request: ReserveRequest): ReserveAnswer {
      const known = count(disk(), request.id) > 0
      const answer = super.reserve(request)
      if (answer.kind === 'refused') {
        const { reason } = answer.refusal
        watch.refusals.set(reason, (watch.refusals.get(reason) ?? 0) + 1)
      }
      if (answer.kind !== 'admitted') return answer
      for (const { scope, startMs, spentPico } of answer.scopes) {
        const spent = spentOnDisk(disk(), scope, startMs)
        const said = `${scope} has ${spentPico} in memory, ${spent} on disk`
        if (spent !== spentPico) watch.violations.push(said)
        if (spent < 0n) watch.violations.push(`${scope} has spent ${spent}`)
      }
      if (known) return answer
      watch.admissions++
      for (const row of request.rows) {
        const problem = problemOf(row, request, { disk: disk(), watch })
        if (problem) watch.violations.push(`admitted ${request.id}: ${problem}`)
      }
      return answer
    }

    override release(...[id, detail]: Parameters<Ledger['release']>): void {
      super.release(id, detail)
      const query = 'SELECT sum(charge) AS charge FROM entry WHERE id = ?'
      const { charge } = disk().exec(query, [id]).one()
      if (Number(charge ?? 0) === 0) watch.released.add(id)
    }
  }
}

function problemOf(
  row: PolicyRow,
  { id }: ReserveRequest,
  { disk, watch }: { readonly disk: Disk; readonly watch: Watch },
): string | null {
  const scope = scopeOf(row)
  if (row.blocked || row.deleted) return `${scope} is blocked`
  const inForce = watch.inForce.get(row.id) ?? 0
  if (row.version < inForce) return `${scope} by version ${row.version}, ${inForce} is in force`
  const [budget] = row.budgets
  if (!budget || budget.limitPico === null) return null
  const [entry] = disk.exec('SELECT reserved_ms FROM entry WHERE id = ?', [id]).toArray()
  const nowMs = Number(entry?.['reserved_ms'])
  const { startMs } = windowAt(budget, { nowMs, resets: ROLLING })
  const spent = spentOnDisk(disk, scope, startMs)
  const held = heldOnDisk(disk, scope, id)
  if (spent + held < budget.limitPico) return null
  return `${scope} has spent ${spent} and holds ${held} of ${budget.limitPico}`
}

/** A window's charges: the checkpoint's and those not folded into it. */
export function spentOnDisk(disk: Disk, scope: string, startMs: number): bigint {
  let spent = 0n
  const sums = 'SELECT spent FROM checkpoint WHERE scope = ? AND start_ms = ?'
  for (const row of disk.exec(sums, [scope, startMs])) spent += BigInt(row['spent'] as string)
  const charges = 'SELECT charge, charged FROM entry WHERE folded = 0 AND charge <> 0'
  for (const row of disk.exec(charges)) {
    const charged = JSON.parse(row['charged'] as string) as [string, string, number][]
    const counts = charged.some(([name, , start]) => name === scope && start === startMs)
    if (counts) spent += BigInt(row['charge'] as number)
  }
  return spent
}

function heldOnDisk(disk: Disk, scope: string, except: string): bigint {
  let held = 0n
  const holds = "SELECT hold, scopes FROM entry WHERE state = 'held' AND id <> ?"
  for (const row of disk.exec(holds, [except])) {
    const scopes = JSON.parse(row['scopes'] as string) as string[]
    if (scopes.includes(scope)) held += BigInt(row['hold'] as number)
  }
  return held
}

function count(disk: Disk, id: string): number {
  return disk.exec('SELECT id FROM entry WHERE id = ?', [id]).toArray().length
}
