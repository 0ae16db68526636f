import type { KeyRecord } from '../../src/db/keys.ts'
import { unlimitedRow } from '../../src/ledger/policy.ts'

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
  }
}
