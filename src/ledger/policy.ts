import type { PolicyRow } from './types.ts'

/** A row that limits nothing: the master key, or the account of a key that stands alone. */
export function unlimitedRow(kind: PolicyRow['kind'], id: string): PolicyRow {
  return {
    kind,
    id,
    version: 0,
    alias: null,
    blocked: false,
    deleted: false,
    expiresAtMs: null,
    budgets: [],
    rates: { requestsPerMinute: null, tokensPerMinute: null, parallelRequests: null },
    models: [],
  }
}
