import { Injected } from './injected.ts'
import { DatabaseSync } from 'node:sqlite'

type Row = Record<string, SqlStorageValue>

/** An object's disk: it outlives the object's memory. */
export class Disk {
  readonly #database = new DatabaseSync(':memory:')
  readonly #statements = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  #depth = 0
  #failsIn: number | null = null

  /** One statement, that many from now, fails. */
  fail(inStatements: number | null): void {
    this.#failsIn = inStatements
  }

  readonly sql = {
    exec: (query: string, ...values: (string | number | null)[]) => this.exec(query, values),
  }

  exec<T extends Row>(query: string, values: readonly (string | number | null)[] = []) {
    if (this.#failsIn !== null && this.#failsIn-- === 0) {
      this.#failsIn = null
      throw new Injected('the disk failed')
    }
    // Only the steps of a schema come as several statements.
    if (/;\s*\S/.test(query)) {
      this.#database.exec(query)
      return cursor<T>([])
    }
    let statement = this.#statements.get(query)
    if (!statement) {
      statement = this.#database.prepare(query)
      this.#statements.set(query, statement)
    }
    return cursor(statement.all(...values) as T[])
  }

  transactionSync<T>(act: () => T): T {
    const name = `level${this.#depth++}`
    this.#database.exec(`SAVEPOINT ${name}`)
    try {
      const value = act()
      this.#database.exec(`RELEASE ${name}`)
      return value
    } catch (error) {
      this.#database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`)
      throw error
    } finally {
      this.#depth--
    }
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }
}

function cursor<T extends Row>(rows: T[]) {
  return {
    toArray: (): T[] => rows,
    one: (): T => {
      const [row] = rows
      if (!row || rows.length !== 1) throw new Error(`expected one row, got ${rows.length}`)
      return row
    },
    [Symbol.iterator]: (): Iterator<T> => rows[Symbol.iterator](),
  }
}
