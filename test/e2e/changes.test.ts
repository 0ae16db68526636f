import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Json } from './gateway.ts'
import { startStack } from './harness.ts'
import type { Stack } from './harness.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

interface Tenant {
  team_id: string
  user_id: string
  budget_id: string
  key: string
}

/** A path, and what is sent there beside the names of who is meant. */
type Change = [path: string, fields?: Json]

interface Row {
  change: Change
  /** The status that the next call gets, and who refuses it. */
  answer: [number, string | null]
  back?: Change
}

const CHANGES: Record<string, Row> = {
  "a team's budget": {
    change: ['/team/update', { max_budget: 0 }],
    answer: [400, 'team'],
    back: ['/team/update', { max_budget: null }],
  },
  "a team's rpm": {
    change: ['/team/update', { rpm_limit: 0 }],
    answer: [429, 'team'],
    back: ['/team/update', { rpm_limit: null }],
  },
  "a key's budget": {
    change: ['/key/update', { max_budget: 0 }],
    answer: [400, 'key'],
    back: ['/key/update', { max_budget: 1 }],
  },
  'a shared budget row': {
    change: ['/budget/update', { max_budget: 0 }],
    answer: [400, 'key'],
    back: ['/budget/update', { max_budget: 1 }],
  },
  "a member's budget": {
    change: ['/team/member_update', { max_budget_in_team: 0 }],
    answer: [400, 'member'],
    back: ['/team/member_update', { max_budget_in_team: null }],
  },
  "members' default": {
    change: ['/team/update', { team_member_budget: 0 }],
    answer: [400, 'member'],
    back: ['/team/update', { team_member_budget: 1 }],
  },
  'a model of the team': {
    change: ['/team/update', { models: ['script/other'] }],
    answer: [403, 'team'],
    back: ['/team/update', { models: ['script/*'] }],
  },
  'a model of the key': {
    change: ['/key/update', { models: ['script/other'] }],
    answer: [403, 'key'],
    back: ['/key/update', { models: [] }],
  },
  'enforcement of a small budget': {
    change: ['/key/update', { max_budget: 1e-6, budget_enforcement: 'strict' }],
    answer: [400, 'key'],
    back: ['/key/update', { budget_enforcement: 'headroom' }],
  },
  'a blocked key': { change: ['/key/block'], answer: [401, null], back: ['/key/unblock'] },
  'a blocked team': { change: ['/team/block'], answer: [401, null], back: ['/team/unblock'] },
  'a deleted key': { change: ['/key/delete'], answer: [401, null] },
  'a deleted member': { change: ['/team/member_delete'], answer: [401, null] },
}

async function newTenant(): Promise<Tenant> {
  const team_id = String((await stack.newTeam())['team_id'])
  const user_id = randomUUID()
  await post('/team/member_add', { team_id, member: { role: 'user', user_id } })
  const { budget_id } = await post('/budget/new', { max_budget: 1 })
  const own = { team_id, user_id, budget_id: String(budget_id) }
  return { ...own, key: await stack.newKey(own) }
}

async function post(path: string, body: Json): Promise<Json> {
  const { status, text, json } = await stack.http(path, { body })
  expect(status, text).toBe(200)
  return json
}

function perform([path, fields = {}]: Change, tenant: Tenant): Promise<Json> {
  const { key, team_id, user_id, budget_id } = tenant
  if (path === '/key/delete') return post(path, { keys: [key] })
  if (path.startsWith('/key/')) return post(path, { key, ...fields })
  if (path.startsWith('/budget/')) return post(path, { budget_id, ...fields })
  const member = path.startsWith('/team/member') ? { user_id } : {}
  return post(path, { team_id, ...member, ...fields })
}

type Subject = [name: string, row: Row, tenant: Tenant]

async function expectNext(subjects: Subject[], isChanged: boolean): Promise<void> {
  const told = await Promise.all(
    subjects.map(async ([name, , { key }]) => {
      const { status, headers } = await stack.chat(key, 'script/gpt', { max_tokens: 300 })
      return [name, status, headers.get('x-tollgate-refused-by')]
    }),
  )
  const answers = subjects.map(([name, row]) => [name, ...(isChanged ? row.answer : [200, null])])
  expect(told).toEqual(answers)
}

const perish = async (): Promise<void> => {
  await stack.worker.kill('SIGKILL')
  await stack.worker.restart()
}

it('binds the next call of a Worker that is killed right after each change, and frees it again', async () => {
  const subjects = await Promise.all(
    Object.entries(CHANGES).map(async ([name, row]): Promise<Subject> => {
      return [name, row, await newTenant()]
    }),
  )
  await expectNext(subjects, false)
  await Promise.all(subjects.map(([, row, tenant]) => perform(row.change, tenant)))
  await perish()
  await expectNext(subjects, true)
  const backs = subjects.filter(([, { back }]) => back)
  await Promise.all(backs.map(([, row, tenant]) => perform(row.back!, tenant)))
  await perish()
  await expectNext(backs, false)
  // And without anything in between, from the isolate that was just refused.
  await Promise.all(backs.map(([, row, tenant]) => perform(row.change, tenant)))
  await expectNext(backs, true)
})

it('binds while Postgres is away, though what isolates share of the key is older', async () => {
  const tenant = await newTenant()
  const subject: Subject = ['', CHANGES["a team's budget"]!, tenant]
  await expectNext([subject], false)
  await perform(subject[1].change, tenant)
  stack.database.endpoint.faults.refuse = true
  try {
    await perish()
    await expectNext([subject], true)
  } finally {
    stack.database.endpoint.faults.refuse = false
  }
})
