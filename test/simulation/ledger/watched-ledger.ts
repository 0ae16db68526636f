import { Ledger } from '../../../src/ledger/object/ledger.ts'
import type { PolicyRow } from '../../../src/ledger/policy.ts'
import type { Balance, ReserveAnswer, ReserveRequest } from '../../../src/ledger/types.ts'
import { DiskBooks } from './disk-books.ts'
import { limitProblems, missing } from './admissions.ts'
import { arriveProblems, kept, leaveProblems } from './passages.ts'
import type { Disk } from '../sql.ts'
import type { Watch } from './watch.ts'

interface Watching {
  readonly accountId: string
  readonly disk: () => Disk
  readonly watch: Watch
}

/** The shipped object; after each step its disk is added up anew and must have allowed it. */
export function watchedLedger({ accountId, disk, watch }: Watching) {
  const report = (what: string) => watch.violations.push(`${accountId} ${what}`)
  return class extends Ledger {
    override reserve(request: ReserveRequest): ReserveAnswer {
      const known = isKnown(disk(), request.id)
      const answer = super.reserve(request)
      watch.count(answer.kind === 'refused' ? answer.refusal.reason : answer.kind)
      if (answer.kind !== 'admitted') return answer
      const books = new DiskBooks(disk())
      for (const { scope, budget, startMs, spentPico } of answer.scopes) {
        const spent = books.spent(scope, budget, startMs)
        if (spent !== spentPico) {
          report(`${scope} ${budget} has ${spentPico} in memory, ${spent} on disk`)
        }
      }
      if (known) return answer
      if (answer.outputTokens !== null && answer.outputTokens < (request.output?.tokens ?? 0)) {
        watch.count('clamped')
      }
      if (answer.wouldRefuse) watch.count('observed')
      for (const problem of [
        ...request.rows.flatMap((row) => rowProblems(row, request)),
        ...missing(request),
        ...limitProblems(request, { books, disk: disk() }),
      ]) {
        report(`admitted ${request.id}: ${problem}`)
      }
      return answer
    }

    override tell(rows: readonly PolicyRow[]): void {
      super.tell(rows)
      for (const { id } of rows) watch.unnoticed.delete(`${accountId} ${id}`)
    }

    override release(...[id, detail]: Parameters<Ledger['release']>): void {
      super.release(id, detail)
      const query = 'SELECT sum(charge) AS charge FROM entry WHERE id = ?'
      const { charge } = disk().exec(query, [id]).one()
      if (Number(charge ?? 0) === 0) watch.released.add(id)
    }

    override leave(key: PolicyRow): Balance | null {
      const known = kept(disk(), 'out', key.id)
      // Ends holds that are due, which leaving does too.
      super.audit()
      const before = new DiskBooks(disk()).ofKey(key.id)
      const balance = super.leave(key)
      if (!balance) return balance
      watch.unnoticed.delete(`${accountId} ${key.id}`)
      watch.place(accountId, key.id, { version: key.version, isGone: true })
      if (known && known.version >= key.version) return balance
      watch.count('left')
      for (const problem of leaveProblems(before, balance, new DiskBooks(disk()))) {
        report(`${key.id} left with version ${key.version}: ${problem}`)
      }
      return balance
    }

    override arrive(key: PolicyRow, balance: Balance): void {
      const known = kept(disk(), 'in', key.id)
      const before = new DiskBooks(disk())
      super.arrive(key, balance)
      watch.place(accountId, key.id, { version: balance.version, isGone: false })
      if (!known || known.version < balance.version) watch.count('arrived')
      const after = new DiskBooks(disk())
      for (const problem of arriveProblems(balance, { key: key.id, before, after, known })) {
        report(`${key.id} came with version ${balance.version}: ${problem}`)
      }
    }
  }

  /** A ledger that took a lost one's place does not know what had left, unless it was told since. */
  function isUnnoticed({ rows }: ReserveRequest): boolean {
    const key = rows.find(({ kind }) => kind === 'key')
    return watch.unnoticed.has(`${accountId} ${key?.id}`)
  }

  /** What forbids a call to be decided on this row. */
  function rowProblems(row: PolicyRow, request: ReserveRequest): string[] {
    const problems: string[] = []
    const name = `${row.kind} ${row.id}`
    if (row.blocked) problems.push(`${name} is blocked`)
    if (row.deleted && row.kind !== 'member') problems.push(`${name} is deleted`)
    const inForce = watch.inForce(row, accountId)
    if (row.version < inForce && !isUnnoticed(request)) {
      problems.push(`${name} by version ${row.version} < ${inForce}`)
    }
    if (row.kind !== 'key') return problems
    if (row.accountId !== accountId) problems.push(`${name} is ${row.accountId}'s`)
    if (watch.places.get(`${accountId} ${row.id}`)?.isGone) problems.push(`${name} has left`)
    return problems
  }
}

function isKnown(disk: Disk, id: string): boolean {
  return disk.exec('SELECT id FROM entry WHERE id = ?', [id]).toArray().length > 0
}
