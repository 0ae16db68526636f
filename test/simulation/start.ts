import type { AccountRef } from '../../src/db/accounts.ts'

/** When every simulation begins, and whose ledger it is about. */
export const T0 = Date.UTC(2026, 9, 1, 12)
export const ACCOUNT: AccountRef = { accountId: 'team:a', generation: 1 }
