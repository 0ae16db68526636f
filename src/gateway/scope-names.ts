import type { PolicyRow } from '../ledger/policy.ts'
import type { Refusal } from '../ledger/types.ts'

export type RowId = Pick<PolicyRow, 'kind' | 'id'>

/** A row as its callers know it: whose limit it is, and the name without its prefix. */
export interface ScopeName {
  readonly word: string
  readonly id: string
}

export function nameOf({ kind, id }: RowId): ScopeName {
  if (kind !== 'account') return { word: kind, id }
  const colon = id.indexOf(':')
  return { word: id.slice(0, colon), id: id.slice(colon + 1) }
}

/** The id of whoever pays: for a member, the team it is in. */
export function accountOf(rows: readonly PolicyRow[]): string {
  const account = rows.find(({ kind }) => kind === 'account')
  return account ? nameOf(account).id : ''
}

const DESCRIPTORS: Readonly<Record<string, string>> = { key: 'api_key', member: 'team_member' }

/** What LiteLLM's rate limiter calls a limit: `api_key`, `model_per_team`… */
export function descriptorOf(row: RowId, model: string | null): string {
  const { word } = nameOf(row)
  const descriptor = DESCRIPTORS[word] ?? word
  if (model === null) return descriptor
  return `model_per_${word === 'key' ? 'key' : descriptor}`
}

/** What it counts by: a member's team and user, and the model of a model's limit. */
export function descriptorValue(
  row: RowId,
  { account, model }: { readonly account: string; readonly model: string | null },
): string {
  const { id } = nameOf(row)
  const value = row.kind === 'member' ? `${account}:${id}` : id
  return model === null ? value : `${value}:${model}`
}

/** `team:budget`: who would have refused a call that is only observed, and why. */
export function wouldRefuse({ scope, reason }: Refusal): string {
  return `${scope ? nameOf(scope).word : 'account'}:${reason}`
}
