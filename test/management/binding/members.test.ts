import { describe, expect, it } from 'vitest'
import { type Isolate, newIsolate } from '../../setup/isolate.ts'
import { newKey, newTeam, post } from '../../setup/worker.ts'
import { COST } from '../tenant.ts'

interface Member {
  readonly user_id: string
  readonly key: string
}

/** A team whose members' keys an isolate has called with. */
async function team(fields: object, ...members: readonly object[]) {
  const { team_id } = await newTeam(fields)
  const isolate = newIsolate()
  const known: Member[] = []
  for (const own of members) {
    const user_id = crypto.randomUUID()
    await post('/team/member_add', { team_id, member: { role: 'user', user_id }, ...own })
    const key = await newKey({ team_id, user_id })
    expect(await isolate.chat(key)).toMatchObject({ status: 200 })
    known.push({ user_id, key })
  }
  return { team_id, isolate, members: known }
}

async function answers(isolate: Isolate, keys: readonly string[]): Promise<string[]> {
  const told: string[] = []
  for (const key of keys) {
    const { status, why } = await isolate.chat(key)
    told.push(why ? `${status} ${why}` : String(status))
  }
  return told
}

describe("a change of the members' default", () => {
  it.each([
    ['budget', { team_member_budget: 1 }, { team_member_budget: COST }, { max_budget_in_team: 1 }],
    ['rpm', { team_member_rpm_limit: 99 }, { team_member_rpm_limit: 1 }, { rpm_limit: 99 }],
    ['tpm', { team_member_tpm_limit: 9e9 }, { team_member_tpm_limit: 1 }, { tpm_limit: 9e9 }],
  ])('%s reaches who is still on it, and nobody with a value of their own', async (...row) => {
    const [, before, after, own] = row
    const { team_id, isolate, members } = await team(before, {}, own)
    const keys = members.map(({ key }) => key)
    await post('/team/update', { team_id, ...after })
    const [onDefault, onOwn] = await answers(isolate, keys)
    expect(onDefault).toMatch(/^4\d\d member:/)
    expect(onOwn).toBe('200')
    // Who gives up the value of their own is on it, too.
    const none = { max_budget_in_team: null, rpm_limit: null, tpm_limit: null }
    await post('/team/member_update', { team_id, user_id: members[1]!.user_id, ...none })
    expect((await answers(isolate, keys))[1]).toMatch(/^4\d\d member:/)
  })

  it('holds for who has a key of the team without being in it', async () => {
    const { team_id } = await newTeam({ team_member_budget: 1 })
    const isolate = newIsolate()
    const key = await newKey({ team_id, user_id: crypto.randomUUID() })
    expect(await isolate.chat(key)).toMatchObject({ status: 200 })
    await post('/team/update', { team_id, team_member_budget: COST })
    expect(await answers(isolate, [key])).toEqual(['400 member:budget'])
  })
})

describe('a member', () => {
  it('shares their limits between their keys, and with nobody else', async () => {
    const { team_id, isolate, members } = await team({ team_member_budget: 2 * COST }, {}, {})
    const [ann, bob] = members as [Member, Member]
    const second = await newKey({ team_id, user_id: ann.user_id })
    expect(await answers(isolate, [second, ann.key, second, bob.key])).toEqual([
      '200',
      '400 member:budget',
      '400 member:budget',
      '200',
    ])
  })

  it('is limited per team, though their keys are many', async () => {
    const user_id = crypto.randomUUID()
    const isolate = newIsolate()
    for (let i = 0; i < 2; i++) {
      const { team_id } = await newTeam({ team_member_rpm_limit: 1 })
      const keys = [await newKey({ team_id, user_id }), await newKey({ team_id, user_id })]
      expect(await answers(isolate, keys)).toEqual(['200', '429 member:requests'])
    }
  })

  it('is nobody whom a key without a user counts for', async () => {
    const { team_id } = await newTeam({ team_member_budget: 0, team_member_rpm_limit: 0 })
    expect(await answers(newIsolate(), [await newKey({ team_id })])).toEqual(['200'])
  })
})

describe('a budget', () => {
  const PLACES: [string, (fields: object) => Promise<string>][] = [
    ['team', async (fields) => newKey({ team_id: (await newTeam(fields)).team_id })],
    ['key', (fields) => newKey(fields)],
    [
      'shared row',
      async (fields) => {
        const { budget_id } = await post<{ budget_id: string }>('/budget/new', fields)
        return newKey({ budget_id, team_id: (await newTeam()).team_id })
      },
    ],
  ]

  it.each(PLACES)('of 0 blocks at once, of null nothing, on a %s', async (_where, keyWith) => {
    const [none, all] = [await keyWith({ max_budget: 0 }), await keyWith({ max_budget: null })]
    const [first, ...others] = await answers(newIsolate(), [none, all, all])
    expect(first).toMatch(/^400 \w+:budget$/)
    expect(others).toEqual(['200', '200'])
  })

  it.each(PLACES)('that is soft never blocks, on a %s', async (_where, keyWith) => {
    const key = await keyWith({ soft_budget: 0, max_budget: 1 })
    expect(await answers(newIsolate(), [key, key])).toEqual(['200', '200'])
  })

  it.each(PLACES)('over several windows names the one that is full, on a %s', async (...place) => {
    const [, keyWith] = place
    const windows = [
      { budget_duration: '30d', max_budget: 1 },
      { budget_duration: '1h', max_budget: COST },
      { budget_duration: '24h', max_budget: COST },
    ]
    const key = await keyWith({ max_budget: 1, budget_limits: windows })
    const isolate = newIsolate()
    expect(await isolate.chat(key)).toMatchObject({ status: 200 })
    const { status, headers, message } = await isolate.chat(key)
    expect(status).toBe(400)
    expect(headers.get('x-tollgate-budget')).toBe('1h')
    expect(message).toContain('over 1h budget')
    expect(Date.parse(headers.get('x-tollgate-reset-at') ?? '')).toBeLessThan(
      Date.now() + 3_600_000,
    )
  })

  it('row is a limit for each key that names it, and the spend of one is not the spend of another', async () => {
    const { budget_id } = await post<{ budget_id: string }>('/budget/new', { max_budget: COST })
    const { team_id } = await newTeam()
    const keys = [await newKey({ team_id, budget_id }), await newKey({ team_id, budget_id })]
    const told = await answers(newIsolate(), [...keys, ...keys])
    expect(told).toEqual(['200', '200', '400 key:budget', '400 key:budget'])
  })

  it('is lifted by an increase beside it, and falls back to what it was with it', async () => {
    const isolate = newIsolate()
    const { team_id } = await newTeam({ max_budget: COST })
    const key = await newKey({ team_id })
    const temporary = { temp_budget_increase: COST, temp_budget_expiry: '2100-01-01T00:00:00Z' }
    expect(await answers(isolate, [key, key])).toEqual(['200', '400 team:budget'])
    await post('/team/update', { team_id, ...temporary })
    expect(await answers(isolate, [key, key])).toEqual(['200', '400 team:budget'])
    await post('/team/update', { team_id, max_budget: 2 * COST })
    expect(await answers(isolate, [key])).toEqual(['200'])
    await post('/team/update', { team_id, temp_budget_increase: null })
    expect(await answers(isolate, [key])).toEqual(['400 team:budget'])
  })
})
