import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { directoryOf } from '../../../src/auth/key-directory.ts'
import { sha256Hex } from '../../../src/ids.ts'
import { type Isolate, newIsolate } from '../../setup/isolate.ts'
import { newKey, newTeam, post } from '../../setup/worker.ts'
import { untold } from '../tenant.ts'
import { CHANGES, INCREASE, type Row, type Tenant } from './changes.ts'

async function newTenant({ team, key }: Row): Promise<Tenant> {
  const { team_id } = await newTeam(team)
  const user_id = crypto.randomUUID()
  await post('/team/member_add', { team_id, member: { role: 'user', user_id } })
  const { budget_id } = await post<{ budget_id: string }>('/budget/new', { max_budget: 1 })
  return { team_id, user_id, budget_id, key: await newKey({ team_id, user_id, budget_id, ...key }) }
}

/** Whoever may be asked next, the one with the oldest memory first. */
async function observers(warm: Isolate, { key }: Tenant) {
  const hash = await sha256Hex(key)
  const directory = directoryOf(env.KEY_DIRECTORY, hash)
  const old = await directory.get(hash)
  expect(old).not.toBeNull()
  return {
    'a warm isolate': async () => warm,
    // What isolates share may be put there by one that read Postgres before the change.
    'an isolate that finds the older row': async () => {
      await directory.remove(hash)
      await directory.put(old!.record)
      return newIsolate()
    },
    'an isolate that never saw the key': async () => {
      await directory.remove(hash)
      return newIsolate()
    },
  }
}

async function expectAll(
  who: Awaited<ReturnType<typeof observers>>,
  key: string,
  answer: Row['answer'],
): Promise<void> {
  for (const [name, isolate] of Object.entries(who)) {
    const { status, why, message } = await (await isolate()).chat(key)
    expect({ name, answer: [status, why] }, message).toEqual({ name, answer })
  }
}

describe.concurrent.each(Object.entries(CHANGES))(
  'a change of %s binds the next call',
  (_name, row) => {
    it.each([
      ['where the ledger is awake', (isolate: Isolate, key: string) => isolate.chat(key)],
      // It knows the key, but nobody has called yet: there is no ledger to tell.
      ['before there is a ledger', (isolate: Isolate, key: string) => isolate.get('/models', key)],
    ])('from every isolate, %s', async (_where, warm) => {
      const tenant = await newTenant(row)
      const isolate = newIsolate()
      expect(await warm(isolate, tenant.key)).toMatchObject({ status: 200 })
      const who = await observers(isolate, tenant)
      await row.change(tenant)
      await expectAll(who, tenant.key, row.answer)
      expect(await untold(`team:${tenant.team_id}`)).toEqual([])
      if (!row.back) return
      await row.back(tenant)
      await expectAll(who, tenant.key, [200, ''])
    })
  },
)

/** A tenant whose key's call is answered now, by an isolate that nothing is told of later. */
async function answered(row: Pick<Row, 'team' | 'key'>) {
  const { key } = await newTenant({ ...row, change: async () => undefined, answer: [200, ''] })
  const isolate = newIsolate()
  expect(await isolate.chat(key)).toMatchObject({ status: 200 })
  return { isolate, key }
}

const soon = (): string => new Date(Date.now() + 2_000).toISOString()

describe.concurrent('what ends by itself binds without any change', () => {
  it.each<[string, () => Pick<Row, 'team' | 'key'>, Row['answer']]>([
    [
      "a team's increase",
      () => ({ team: { max_budget: 0, ...INCREASE, temp_budget_expiry: soon() } }),
      [400, 'team:budget'],
    ],
    [
      "a key's increase",
      () => ({ key: { max_budget: 0, ...INCREASE, temp_budget_expiry: soon() } }),
      [400, 'key:budget'],
    ],
    ['a key', () => ({ key: { duration: '2s' } }), [401, '']],
  ])('%s', async (_name, row, answer) => {
    const { isolate, key } = await answered(row())
    await vi.waitFor(
      async () => {
        const { status, why } = await isolate.chat(key)
        expect([status, why]).toEqual(answer)
      },
      { timeout: 10_000, interval: 100 },
    )
  })
})
