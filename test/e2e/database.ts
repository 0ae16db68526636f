import { inject } from 'vitest'
import { startNeonEndpoint } from '../../dev/neon-endpoint.ts'
import type { NeonEndpoint } from '../../dev/neon-endpoint.ts'
import type { BatchOptions, Cell, Postgres, TextResult } from '../../dev/sql.ts'

export const DATABASE_URL = 'postgres://tollgate:tollgate@localhost/tollgate'

export type Row = Record<string, Cell>

export interface Database {
  endpoint: NeonEndpoint
  /** Straight from Postgres, past the endpoint and its counter; every cell as text. */
  rows: (query: string, params?: Cell[]) => Promise<Row[]>
  close: () => Promise<void>
}

/** The run's Postgres, or another, behind an endpoint of the file's own, whose faults are its own. */
export async function startDatabase(neonUrl = inject('neonEndpoint')): Promise<Database> {
  const postgres = forwarded(neonUrl)
  const endpoint = await startNeonEndpoint({ postgres, databaseUrl: DATABASE_URL })
  return {
    endpoint,
    rows: async (query, params = []) => {
      const { fields, rows } = await postgres.query({ query, params })
      return rows.map((row) =>
        Object.fromEntries(fields.map(({ name }, i) => [name, row[i] ?? null])),
      )
    },
    close: () => endpoint.close(),
  }
}

function forwarded(url: string): Postgres {
  return {
    query: (statement) => ask<TextResult>(url, statement),
    batch: async (queries, options = {}) => {
      const headers = batchHeaders(options)
      return (await ask<{ results: TextResult[] }>(url, { queries }, headers)).results
    },
    close: () => Promise.resolve(),
  }
}

async function ask<T>(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'neon-connection-string': DATABASE_URL, ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (response.ok) return JSON.parse(text) as T
  if (response.status !== 400) throw new Error(text)
  const error = JSON.parse(text) as { message: string }
  throw Object.assign(new Error(error.message), error)
}

function batchHeaders(options: BatchOptions): Record<string, string> {
  const { isolationLevel, readOnly, deferrable } = options
  const level = isolationLevel?.toLowerCase().replaceAll(/(?:^| )(\w)/g, (_, first: string) => {
    return first.toUpperCase()
  })
  return {
    ...(level !== undefined && { 'neon-batch-isolation-level': level }),
    ...(readOnly !== undefined && { 'neon-batch-read-only': String(readOnly) }),
    ...(deferrable !== undefined && { 'neon-batch-deferrable': String(deferrable) }),
  }
}
