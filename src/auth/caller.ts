import type { AccountRef } from '../db/accounts.ts'
import type { KeyRecord } from '../db/keys.ts'
import { type PolicyRow, unlimitedRow } from '../ledger/policy.ts'

/** Who makes a request. The admin spends too: on the account of LiteLLM's default user. */
export type Caller = AdminCaller | KeyCaller | JwtCaller

export interface AdminCaller {
  readonly kind: 'admin'
  readonly hash: string
  readonly userId: string
  /** Whose token made them an admin; absent: they have the master key. */
  readonly acting?: { readonly by: string; readonly userId: string | null }
  /** The account's row, once its ledger answered with it. */
  readonly account?: PolicyRow
}

export interface KeyCaller {
  readonly kind: 'key'
  readonly hash: string
  readonly record: KeyRecord
}

/** Who has a token instead of a key. `record.userId` and `record.teamId` are who pays and spends. */
export interface JwtCaller {
  readonly kind: 'jwt'
  /** Of the team and the user that the call is for: all their tokens are one caller. */
  readonly hash: string
  /** Its key row limits nothing, and is nowhere in Postgres. */
  readonly record: KeyRecord
  readonly principal: Principal
  /** What LiteLLM takes such a token for; `public`: nobody, on a route that is for everybody. */
  readonly role: 'team' | 'internal_user' | 'public'
  /** Every team that the token names. */
  readonly teamIds: readonly string[]
  readonly endUser: string | null
  /** What the token's scopes let through; null: they limit nothing. */
  readonly models: readonly string[] | null
}

/** The team and the user that a token's call is for, as the token names them. */
export interface Principal {
  readonly teamId: string | null
  /** Whether the team is made if it is not there. */
  readonly mayMakeTeam: boolean
  readonly userId: string | null
  readonly userEmail: string | null
}

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
  if (caller.kind !== 'admin') {
    const { accountId, generation } = caller.record
    return { accountId, generation, rows: rowsOf(caller.record) }
  }
  const accountId = `user:${caller.userId}`
  const account = caller.account ?? unlimitedRow('account', accountId)
  return { accountId, generation: 1, rows: [unlimitedRow('key', caller.hash), account] }
}

/** The key that a call is booked on; null: it was made with a token. */
export function keyHashOf(caller: Caller): string | null {
  if (caller.kind === 'key') return caller.record.key.id
  return caller.kind === 'admin' && !caller.acting ? caller.hash : null
}

/** The teams that a caller belongs to; the admin to none in particular. */
export function teamsOf(caller: Caller): readonly string[] {
  if (caller.kind === 'admin') return []
  const { teamId } = caller.record
  const others = caller.kind === 'jwt' ? caller.teamIds : []
  return [...(teamId === null ? [] : [teamId]), ...others]
}

/** A record's rows, in order of refusal; the budget row has none of its own. */
export function rowsOf({ key, member, account, budget }: KeyRecord): PolicyRow[] {
  return [key, ...(member ? [member] : []), account, ...(budget ? [budget] : [])]
}

/** Of what is no key. */
export function emptyRecord(hash: string): KeyRecord {
  const account = unlimitedRow('account', `key:${hash}`)
  return {
    hash,
    name: '',
    alias: null,
    teamId: null,
    teamAlias: null,
    userId: null,
    accountId: account.id,
    generation: 1,
    key: unlimitedRow('key', hash),
    account,
    member: null,
    budget: null,
  }
}
