import type { AccountRef } from '../db/accounts.ts'
import type { KeyRecord } from '../db/keys.ts'
import { type PolicyRow, unlimitedRow } from '../ledger/policy.ts'

/** Who makes a request. The admin spends too: on the account of LiteLLM's default user. */
export type Caller =
  | {
      readonly kind: 'admin'
      readonly hash: string
      readonly userId: string
      /** The account's row, once its ledger answered with it. */
      readonly account?: PolicyRow
    }
  | { readonly kind: 'key'; readonly hash: string; readonly record: KeyRecord }

/** What users may be; the strongest first. */
export const ROLES = [
  'proxy_admin',
  'proxy_admin_viewer',
  'internal_user',
  'internal_user_viewer',
] as const

export type Role = (typeof ROLES)[number]

export const ADMIN_USER_ID = 'default_user_id'

/** Whose ledger pays for the caller, and the rows it is decided on. */
export function payer(caller: Caller): AccountRef & { readonly rows: readonly PolicyRow[] } {
  if (caller.kind === 'key') {
    const { accountId, generation } = caller.record
    return { accountId, generation, rows: rowsOf(caller.record) }
  }
  const accountId = `user:${caller.userId}`
  const account = caller.account ?? unlimitedRow('account', accountId)
  return { accountId, generation: 1, rows: [unlimitedRow('key', caller.hash), account] }
}

/** A record's rows, in order of refusal; the budget row has none of its own. */
export function rowsOf({ key, member, account, budget }: KeyRecord): PolicyRow[] {
  return [key, ...(member ? [member] : []), account, ...(budget ? [budget] : [])]
}
