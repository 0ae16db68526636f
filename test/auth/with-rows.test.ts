import { describe, expect, it } from 'vitest'
import { refetch, withRows } from '../../src/auth/authenticate.ts'
import { type Caller, payer } from '../../src/auth/caller.ts'
import { KeyCache } from '../../src/auth/key-cache.ts'
import { LookupLimit } from '../../src/auth/lookup-limit.ts'
import type { KeyRecord } from '../../src/db/keys.ts'
import { type PolicyRow, unlimitedRow } from '../../src/ledger/policy.ts'
import { fullRecord, record } from './records.ts'

const FULL = fullRecord('a')
const CALLER: Caller = { kind: 'key', hash: 'a', record: FULL }
const ADMIN: Caller = { kind: 'admin', hash: 'h', userId: 'default_user_id' }

const callerOf = (fields: Partial<KeyRecord>): Caller => {
  return { kind: 'key', hash: 'a', record: { ...FULL, ...fields } }
}
const next = (row: PolicyRow, fields: Partial<PolicyRow> = {}): PolicyRow => {
  return { ...row, version: row.version + 1, ...fields }
}

describe('the rows that a call is decided on', () => {
  it.each<[string, Caller, string[]]>([
    ['a full record', CALLER, ['key', 'member', 'account', 'budget']],
    ['a key that stands alone', callerOf(record('a')), ['key', 'account']],
    ['the admin', ADMIN, ['key', 'account']],
  ])('%s', (_name, caller, kinds) => {
    expect(payer(caller).rows.map(({ kind }) => kind)).toEqual(kinds)
  })

  it('are those that an older Worker kept', () => {
    const { member: _member, budget: _budget, ...early } = FULL
    const caller: Caller = { kind: 'key', hash: 'a', record: early }
    expect(payer(caller).rows).toEqual([FULL.key, FULL.account])
  })
})

describe("a caller with a ledger's newer rows", () => {
  it.each(['key', 'account', 'member', 'budget'] as const)('has the newer %s', (place) => {
    const row = next(FULL[place]!, { blocked: true })
    const older = { ...FULL[place]!, version: 1, blocked: true }
    expect(withRows(CALLER, [row])).toEqual(callerOf({ [place]: row }))
    expect(withRows(CALLER, [older])).toEqual(CALLER)
  })

  it('has all of them at once, and none of others', () => {
    const [key, account] = [next(FULL.key), next(FULL.account)]
    const others = [next(FULL.member!, { id: 'v' }), next(FULL.budget!, { id: 'c' })]
    expect(withRows(CALLER, [key, account, ...others])).toEqual(callerOf({ key, account }))
  })

  it('has the budget that the key names now, if that came too', () => {
    const key = next(FULL.key, { budgetId: 'c' })
    const budget = { ...unlimitedRow('budget', 'c'), version: 1 }
    expect(withRows(CALLER, [key, budget])).toEqual(callerOf({ key, budget }))
    expect(withRows(CALLER, [key])).toBeNull()
    const without = next(FULL.key, { budgetId: null })
    expect(withRows(CALLER, [without])).toEqual(callerOf({ key: without, budget: null }))
  })

  it('goes without a budget that was not there before either', () => {
    const caller = callerOf({ budget: null })
    const account = next(FULL.account)
    expect(withRows(caller, [account])).toEqual(callerOf({ budget: null, account }))
  })

  it('is not known if another account pays', () => {
    expect(withRows(CALLER, [next(FULL.key, { accountId: 'team:new' })])).toBeNull()
  })

  it('may be the admin, whose account has limits as any other', () => {
    const account = { ...unlimitedRow('account', 'user:default_user_id'), version: 3 }
    const caller = withRows(ADMIN, [account])
    expect(caller && payer(caller).rows[1]).toEqual(account)
  })
})

const refetched = (found: KeyRecord | null): Promise<Caller> => {
  const shared = { get: async () => null, put: async () => null, remove: async () => null }
  const caches = { cache: new KeyCache(), shared, limit: new LookupLimit(null) }
  return refetch(
    { ...caches, findKey: async () => found, defer: (work) => void work, nowMs: 0 },
    CALLER,
  )
}

describe('a caller as Postgres has it now', () => {
  it('has another record', async () => {
    expect(await refetched(record('a'))).toEqual({ ...CALLER, record: record('a') })
  })

  it('gets 401 if there is no such key any more', async () => {
    await expect(refetched(null)).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining('Received API Key = sk-...abcd'),
    })
  })
})
