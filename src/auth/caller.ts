import type { AccountRef } from '../db/accounts.ts'
import type { KeyRecord } from '../db/keys.ts'
import { unlimitedRow } from '../ledger/policy.ts'
import type { PolicyRow } from '../ledger/types.ts'

/** Who makes a request. The admin spends too: on the account of LiteLLM's default user. */
export type Caller =
  | { readonly kind: 'admin'; readonly hash: string; readonly userId: string }
  | { readonly kind: 'key'; readonly hash: string; readonly record: KeyRecord }

export const ADMIN_USER_ID = 'default_user_id'

/** Whose ledger pays for the caller, and the rows it is decided on, in order of refusal. */
export function payer(caller: Caller): AccountRef & { readonly rows: readonly PolicyRow[] } {
  if (caller.kind === 'key') {
    const { accountId, generation, key, account } = caller.record
    return { accountId, generation, rows: [key, account] }
  }
  const accountId = `user:${caller.userId}`
  const rows = [unlimitedRow('key', caller.hash), unlimitedRow('account', accountId)]
  return { accountId, generation: 1, rows }
}
