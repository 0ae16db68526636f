import { PGlite } from '@electric-sql/pglite'
import { lockFolder } from './lock.ts'
import { runBatch } from './sql.ts'
import type { Cell, Postgres, Statement, TextResult } from './sql.ts'

export async function openPglite(dataDir: string | undefined): Promise<Postgres> {
  const lock = dataDir === undefined ? undefined : lockFolder(dataDir)
  try {
    const db = await PGlite.create(dataDir === undefined ? {} : { dataDir })
    return serialised(db, () => lock?.release())
  } catch (error) {
    lock?.release()
    throw error
  }
}

/** PGlite is one session: a statement must not slip into another caller's transaction. */
function serialised(db: PGlite, closed: () => void): Postgres {
  const run = runner(db)
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    query: (statement) => alone(() => run(statement)),
    batch: (statements, options = {}) => alone(() => runBatch(run, statements, options)),
    close: () =>
      alone(async () => {
        await db.close()
        closed()
      }),
  }
}

function runner(db: PGlite): (statement: Statement) => Promise<TextResult> {
  // PGlite merges these with its own, so every known type is named: text in, text out.
  const parsers = asText(Object.keys(db.parsers))
  const serializers = asText(Object.keys(db.serializers))
  return async ({ query, params }) => {
    const result = await db.query(query, params, { rowMode: 'array', parsers, serializers })
    return {
      command: result.command ?? '',
      rowCount: result.rowCount ?? 0,
      fields: result.fields,
      rows: result.rows as Cell[][],
    }
  }
}

function asText(types: string[]): Record<string, (value: string) => string> {
  return Object.fromEntries(types.map((type) => [type, (value: string) => value]))
}
