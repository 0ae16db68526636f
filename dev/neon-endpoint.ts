/**
 * Neon's HTTP protocol (`POST /sql`) over any Postgres, so that `@neondatabase/serverless` itself
 * runs on a laptop and in tests. Listens on loopback only.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from './listen.ts'
import type { BatchOptions, Cell, Postgres, Statement, TextResult } from './sql.ts'

export interface NeonEndpoint {
  url: string
  /** Change these at any time; they hold from the next request on. */
  faults: {
    /** Wait this long before answering, after the statement took effect. */
    delayMs: number
    /** Break the connection before anything is executed. */
    refuse: boolean
    /** Execute, then break the connection: the caller can't know what happened. */
    loseAnswer: boolean
    /** Execute two, then tell two that Postgres is starting up, and so on. */
    failHalf: boolean
  }
  /** Statements executed so far. */
  queries: number
  close: () => Promise<void>
}

export interface StartNeonEndpoint {
  postgres: Postgres
  port?: number
  /** If given, the only user, password and database that are let in. */
  databaseUrl?: string
}

export async function startNeonEndpoint(options: StartNeonEndpoint): Promise<NeonEndpoint> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  const { port, close } = await listen(server, options.port)
  const endpoint: NeonEndpoint = {
    url: `http://127.0.0.1:${port}/sql`,
    faults: { delayMs: 0, refuse: false, loseAnswer: false, failHalf: false },
    queries: 0,
    close,
  }
  let requests = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (endpoint.faults.refuse) return void request.socket.destroy()
    const isFailing = endpoint.faults.failHalf && requests++ % 4 < 2
    const { status, body } = isFailing
      ? STARTING_UP
      : await execute(request, options, (statements) => {
          endpoint.queries += statements
        })
    if (endpoint.faults.loseAnswer) return void request.socket.destroy()
    if (endpoint.faults.delayMs > 0) await sleep(endpoint.faults.delayMs)
    // The driver reads JSON from a 400 only, and shows any other error as it came.
    const told = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json' }).end(told)
  }
  return endpoint
}

const STARTING_UP = {
  status: 400,
  body: { message: 'the database system is starting up', severity: 'FATAL', code: '57P03' },
}

async function execute(
  request: IncomingMessage,
  { postgres, databaseUrl }: StartNeonEndpoint,
  count: (statements: number) => void,
): Promise<{ status: number; body: unknown }> {
  const connection = header(request, 'neon-connection-string')
  if (request.method !== 'POST' || request.url !== '/sql') return failed(404, 'POST /sql only')
  // Also keeps web pages out: a browser asks before it sends a header of this name, in vain.
  if (connection === undefined) return failed(403, 'Neon-Connection-String header is missing')
  if (databaseUrl && !sameLogin(connection, databaseUrl)) {
    return { status: 400, body: { message: 'password authentication failed', code: '28P01' } }
  }
  const body = JSON.parse(await text(request)) as { query: string } | { queries: unknown[] }
  try {
    if ('queries' in body) {
      count(body.queries.length)
      const results = await postgres.batch(body.queries.map(toStatement), batchOptions(request))
      return { status: 200, body: { results: results.map(rendered) } }
    }
    count(1)
    return { status: 200, body: rendered(await postgres.query(toStatement(body))) }
  } catch (error) {
    return databaseError(error)
  }
}

function rendered(result: TextResult): TextResult & { rowAsArray: true } {
  return { ...result, rowAsArray: true }
}

function toStatement(value: unknown): Statement {
  const { query, params } = value as { query: string; params?: unknown[] }
  return { query, params: (params ?? []).map(toCell) }
}

function toCell(value: unknown): Cell {
  if (value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const ISOLATION_LEVELS: Record<string, NonNullable<BatchOptions['isolationLevel']>> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
}

function batchOptions(request: IncomingMessage): BatchOptions {
  const isolationLevel = ISOLATION_LEVELS[header(request, 'neon-batch-isolation-level') ?? '']
  const readOnly = header(request, 'neon-batch-read-only')
  const deferrable = header(request, 'neon-batch-deferrable')
  return {
    ...(isolationLevel && { isolationLevel }),
    ...(readOnly !== undefined && { readOnly: readOnly === 'true' }),
    ...(deferrable !== undefined && { deferrable: deferrable === 'true' }),
  }
}

const ERROR_FIELDS =
  'severity code detail hint position internalPosition internalQuery where schema table column dataType constraint file line routine'.split(
    ' ',
  )

function databaseError(error: unknown): { status: number; body: unknown } {
  if (!(error instanceof Error)) return failed(500, String(error))
  const fields = error as Error & Record<string, unknown>
  // A Postgres error has a severity; anything else is a lost connection, or our own mistake.
  if (fields['severity'] === undefined) return failed(500, error.message)
  const known = ERROR_FIELDS.map((name) => [name, fields[name]])
  return { status: 400, body: { message: error.message, ...Object.fromEntries(known) } }
}

function failed(status: number, body: string): { status: number; body: string } {
  return { status, body }
}

function sameLogin(given: string, expected: string): boolean {
  const [a, b] = [new URL(given), new URL(expected)]
  return a.username === b.username && a.password === b.password && a.pathname === b.pathname
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
