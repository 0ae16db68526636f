export type Cell = string | null

export interface Statement {
  query: string
  params: Cell[]
}

/** One statement's answer as Neon gives it: every cell is Postgres' own text, or null. */
export interface TextResult {
  command: string
  rowCount: number
  fields: { name: string; dataTypeID: number }[]
  rows: Cell[][]
}

export interface BatchOptions {
  isolationLevel?: 'READ UNCOMMITTED' | 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE'
  readOnly?: boolean
  deferrable?: boolean
}

export interface Postgres {
  query: (statement: Statement) => Promise<TextResult>
  /** All statements in one transaction: the first error undoes them all. */
  batch: (statements: Statement[], options?: BatchOptions) => Promise<TextResult[]>
  close: () => Promise<void>
}

export async function runBatch(
  run: (statement: Statement) => Promise<TextResult>,
  statements: Statement[],
  options: BatchOptions,
): Promise<TextResult[]> {
  await run({ query: begin(options), params: [] })
  try {
    const results: TextResult[] = []
    for (const statement of statements) results.push(await run(statement))
    await run({ query: 'COMMIT', params: [] })
    return results
  } catch (error) {
    // On a broken connection there is nothing to undo, and the first error is the one to tell.
    await run({ query: 'ROLLBACK', params: [] }).catch(() => undefined)
    throw error
  }
}

function begin({ isolationLevel, readOnly, deferrable }: BatchOptions): string {
  const modes = [
    isolationLevel && `ISOLATION LEVEL ${isolationLevel}`,
    readOnly !== undefined && (readOnly ? 'READ ONLY' : 'READ WRITE'),
    deferrable !== undefined && (deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE'),
  ]
  return ['BEGIN', modes.filter(Boolean).join(', ')].join(' ').trim()
}
