import type { JwtAuth } from '../../config/jwt/jwt-auth.ts'
import type { KeyRecord } from '../../db/keys.ts'
import { type PolicyRow, unlimitedRow } from '../../ledger/policy.ts'
import type { Principal } from '../caller.ts'
import type { FindKeyDeps } from '../find-key.ts'

/** What a token's caller is looked up with. The caches are those of keys. */
export interface ResolveDeps extends Omit<FindKeyDeps, 'findKey'> {
  readonly auth: JwtAuth
  /** Whoever pays, made where that is allowed. Throws 404 and the like, which no cache keeps. */
  readonly loadPrincipal: (principal: Principal, hash: string) => Promise<KeyRecord>
  /** The teams of these ids that are there, in this order. */
  readonly loadTeams: (teamIds: readonly string[]) => Promise<readonly PolicyRow[]>
  readonly loadTeamsOfAlias: (alias: string) => Promise<readonly PolicyRow[]>
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
