import { neon, neonConfig } from '@neondatabase/serverless'
import { drizzle } from 'drizzle-orm/neon-http'

/** No statement is waited for longer; the driver itself would wait for ever. */
export const STATEMENT_TIMEOUT_MS = 5_000

export interface DatabaseEnv {
  readonly DATABASE_URL: string
  /** Where the local stand-in for Neon listens; absent when deployed. */
  readonly NEON_FETCH_ENDPOINT?: string | undefined
}

/** Drizzle over Neon's HTTP endpoint: single statements and batches, nothing interactive. */
export function connect(env: DatabaseEnv) {
  const { NEON_FETCH_ENDPOINT } = env
  if (NEON_FETCH_ENDPOINT) neonConfig.fetchEndpoint = () => NEON_FETCH_ENDPOINT
  neonConfig.fetchFunction = (url: string, init: RequestInit) =>
    fetch(url, { ...init, signal: AbortSignal.timeout(STATEMENT_TIMEOUT_MS) })
  return drizzle(neon(env.DATABASE_URL), { casing: 'snake_case' })
}

export type Db = ReturnType<typeof connect>
