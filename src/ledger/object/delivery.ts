import type { Db } from '../../db/connect.ts'
import { isRefusedByDatabase } from '../../db/failures.ts'
import { writeSpend } from '../../db/spend.ts'
import { describe, log } from '../../log.ts'
import type { Books } from '../books.ts'
import type { Entry } from '../store.ts'

interface Sender {
  readonly accountId: string
  readonly generation: number
  readonly epoch: number
  readonly seq: number
  /** Where the scopes stand; read after the entries, so never behind them. */
  readonly books: Books
}

/** A row that Postgres refuses must not stop those beside it: it is found, and sent bare. */
export async function writeAll(db: Db, sender: Sender, entries: readonly Entry[]): Promise<void> {
  const { books, ...batch } = sender
  const scopes = new Set(entries.flatMap((entry) => entry.charged.map(([scope]) => scope)))
  const spends = [...scopes].flatMap((scope) => books.windows.standing(scope))
  try {
    await writeSpend(db, { ...batch, entries, spends })
  } catch (error) {
    const [first] = entries
    if (!first || !isRefusedByDatabase(error)) throw error
    if (entries.length === 1) {
      if (Object.keys(first.detail).length === 0) throw error
      log('error', 'entry_refused', { id: first.id, error: describe(error) })
      return writeAll(db, sender, [{ ...first, detail: {} }])
    }
    const middle = Math.ceil(entries.length / 2)
    await writeAll(db, sender, entries.slice(0, middle))
    await writeAll(db, sender, entries.slice(middle))
  }
}
