import type { KeyRecord } from '../../src/db/keys.ts'
import { type PolicyRow, unlimitedRow } from '../../src/ledger/policy.ts'

export function record(hash: string, version = 1): KeyRecord {
  return {
    hash,
    name: 'sk-...abcd',
    alias: null,
    teamId: null,
    teamAlias: null,
    userId: null,
    accountId: `key:${hash}`,
    generation: 1,
    key: { ...unlimitedRow('key', hash), version },
    account: unlimitedRow('account', `key:${hash}`),
    member: null,
    budget: null,
  }
}

function row(kind: PolicyRow['kind'], id: string): PolicyRow {
  return { ...unlimitedRow(kind, id), version: 5 }
}

/** A key of a team and a user, with a row of each kind. */
export function fullRecord(hash: string): KeyRecord {
  return {
    ...record(hash),
    teamId: 't',
    userId: 'u',
    accountId: 'team:t',
    key: { ...row('key', hash), accountId: 'team:t', budgetId: 'b' },
    account: row('account', 'team:t'),
    member: row('member', 'u'),
    budget: row('budget', 'b'),
  }
}
