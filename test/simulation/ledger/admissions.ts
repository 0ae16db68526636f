import { ROLLING, windowAt } from '../../../src/windows.ts'
import type { ReserveRequest } from '../../../src/ledger/types.ts'
import { bindingsOf } from './bindings.ts'
import type { DiskBooks } from './disk-books.ts'
import type { Disk } from '../sql.ts'

/** A key brings the budget row that it names. */
export function missing({ rows }: ReserveRequest): string[] {
  const key = rows.find(({ kind }) => kind === 'key')
  const budgetId = key?.budgetId ?? null
  if (budgetId === null || rows.some(({ kind, id }) => kind === 'budget' && id === budgetId)) {
    return []
  }
  return [`without the budget row ${budgetId}`]
}

/** Every limit that this admission should not have passed. */
export function limitProblems(
  request: ReserveRequest,
  { books, disk }: { readonly books: DiskBooks; readonly disk: Disk },
): string[] {
  type Row = { reserved_ms: number; hold: number }
  const query = 'SELECT reserved_ms, hold FROM entry WHERE id = ?'
  const [entry] = disk.exec<Row>(query, [request.id]).toArray()
  if (!entry) return ['it is not on disk']
  return bindingsOf(request).flatMap(({ scope, budget, enforcement }) => {
    const { id, limitPico } = budget
    if (limitPico === null || enforcement === 'observe') return []
    const { startMs } = windowAt(budget, { nowMs: entry.reserved_ms, resets: ROLLING })
    const spent = books.spent(scope, id, startMs)
    const held = books.held(scope)
    const others = held - BigInt(entry.hold)
    const isStrict = enforcement === 'strict'
    if (isStrict ? spent + held <= limitPico : spent + others < limitPico) return []
    return [`${enforcement}: ${scope} ${id} has spent ${spent} and holds ${held} of ${limitPico}`]
  })
}
