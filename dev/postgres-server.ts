import { Pool } from 'pg'
import type { PoolClient } from 'pg'
import { runBatch } from './sql.ts'
import type { Cell, Postgres, Statement, TextResult } from './sql.ts'

const CONNECTIONS_MAX = 8
const CONNECT_TIMEOUT_MS = 5_000
const asText = { getTypeParser: () => (value: string | Buffer) => value }

export async function openServer(databaseUrl: string): Promise<Postgres> {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    allowExitOnIdle: true,
  })
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', () => undefined)
  return {
    query: (statement) => withClient(pool, (run) => run(statement)),
    batch: (statements, options = {}) =>
      withClient(pool, (run) => runBatch(run, statements, options)),
    close: () => pool.end(),
  }
}

async function withClient<T>(
  pool: Pool,
  work: (run: (statement: Statement) => Promise<TextResult>) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error): void => void (broken = error)
  client.on('error', onError)
  try {
    return await work((statement) => runOn(client, statement))
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

async function runOn(client: PoolClient, { query, params }: Statement): Promise<TextResult> {
  const result = await client.query({
    text: query,
    values: params,
    rowMode: 'array',
    types: asText,
  })
  return {
    command: result.command,
    rowCount: result.rowCount ?? 0,
    fields: result.fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })),
    rows: result.rows as Cell[][],
  }
}
