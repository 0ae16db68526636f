import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { costOf, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import type { Json } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const BILL = costOf([{ promptTokens: 20, completionTokens: 30 }])
const CAPPED = { max_tokens: 30 }

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const ask = (key: string, words: string): Promise<number> =>
  stack.chat(key, `script/usage-20-30+${words}`, CAPPED).then(({ status }) => status)

const move = async (key: string, to: Json): Promise<Json> => {
  const { status, text, json } = await stack.http('/key/update', { body: { key, ...to } })
  expect(status, text).toBe(200)
  return json
}

const keyInfo = async (key: string): Promise<Json> =>
  (await stack.http(`/key/info?key=${key}`)).json['info'] as Json

/** A team whose ledger somebody else has opened. */
async function newTeam(): Promise<string> {
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  expect(await ask(key, 'first')).toBe(200)
  return teamId
}

/** The three books of a team agree on this, and the ledger says so too. */
async function expectBooks(teamId: string, amount: bigint): Promise<void> {
  await stack.agreeOn(teamId, amount)
  const { json } = await stack.http(`/team/reconcile?team_id=${teamId}`)
  expect(json).toMatchObject({
    ledger_spend: usd(amount),
    log_spend: usd(amount),
    postgres_spend: usd(amount),
    difference: 0,
    holds: 0,
  })
}

it('leaves a call in flight to the old team, and brings all that was settled to the new one', async () => {
  const [from, to] = [await newTeam(), await newTeam()]
  const word = mark()
  const key = await stack.newKey({ team_id: from, max_budget: 1, rpm_limit: 10 })
  for (let i = 0; i < 2; i++) expect(await ask(key, 'settled')).toBe(200)
  const slow = ask(key, `delay-3000ms+${word}`)
  await eventually(() => {
    const asked = stack.provider.requests.filter(({ body }) => body.includes(word))
    expect(asked).toHaveLength(1)
  })

  // A repeated move is harmless.
  for (let i = 0; i < 3; i++) {
    expect(await move(key, { team_id: to })).toMatchObject({ team_id: to, spend: usd(2n * BILL) })
  }
  const next = await stack.chat(key, 'script/usage-20-30', CAPPED)
  expect(next.status, next.text).toBe(200)
  // Two settled, one in flight, and this one.
  expect(next.headers.get('x-ratelimit-remaining-requests')).toBe('6')
  expect(Number(next.headers.get('x-litellm-key-spend'))).toBe(usd(3n * BILL))
  expect((await stack.ledgerSpend(from)).held).toBeGreaterThan(0)
  expect(await stack.ledgerSpend(to)).toMatchObject({ spend: usd(2n * BILL), held: 0 })

  expect(await slow).toBe(200)
  await expectBooks(from, 4n * BILL)
  await expectBooks(to, 2n * BILL)
  expect(await keyInfo(key)).toMatchObject({ team_id: to, spend: usd(3n * BILL) })
  const hash = createHash('sha256').update(key).digest('hex')
  await eventually(async () => {
    const [row] = await stack.database.rows('SELECT * FROM keys WHERE token = $1', [hash])
    expect(row).toMatchObject({ account_id: `team:${to}`, moving: null })
    expect(Number(row?.['spend'])).toBe(usd(3n * BILL))
  })
})

it.each([
  ['a user', (): Json => ({ team_id: null, user_id: randomUUID() })],
  ['nobody', (): Json => ({ team_id: null })],
])('takes its spend and its last minute along to %s, and back', async (_whom, owner) => {
  const team = await newTeam()
  const key = await stack.newKey({ team_id: team, max_budget: usd(4n * BILL), rpm_limit: 6 })
  expect(await ask(key, 'a')).toBe(200)
  expect(await move(key, owner())).toMatchObject({ team_id: null, spend: usd(BILL) })
  expect(await ask(key, 'b')).toBe(200)
  await move(key, { team_id: team, user_id: null })
  const last = await stack.chat(key, 'script/usage-20-30', CAPPED)
  expect(last.headers.get('x-ratelimit-remaining-requests')).toBe('3')
  expect(await ask(key, 'c')).toBe(200)
  expect(await ask(key, 'd')).toBe(400)
  // Its first calls and another key's; what it spent outside is not the team's.
  await expectBooks(team, 4n * BILL)
})

describe('a key that moves to and fro while it is called', () => {
  it('costs each team what the team answered, and nothing twice', async () => {
    const teams = [await newTeam(), await newTeam()] as const
    const word = mark()
    const key = await stack.newKey({ team_id: teams[0], max_budget: 1 })
    const moving = new AbortController()
    const statuses: number[] = []
    const caller = async (i: number): Promise<void> => {
      while (!moving.signal.aborted) statuses.push(await ask(key, `delay-${10 + i * 7}ms+${word}`))
    }
    const callers = Array.from({ length: 8 }, (_, i) => caller(i))
    for (let turn = 1; turn <= 4; turn++) await move(key, { team_id: teams[turn % 2] })
    moving.abort()
    await Promise.all(callers)

    // While it is between two ledgers nobody can say what is left, and it is told to come again.
    expect([...new Set(statuses)].filter((status) => status !== 200 && status !== 503)).toEqual([])
    const bills = stack.bills(word)
    expect(statuses.filter((status) => status === 200)).toHaveLength(bills.length)
    expect(bills.length).toBeGreaterThan(20)
    const rows = await eventually(async () => {
      const found = (await Promise.all(teams.map((id) => stack.logRows(id)))).flat()
      const ours = found.filter((row) => row['model_group']?.includes(word))
      expect(ours).toHaveLength(bills.length)
      return ours
    })
    expect(new Set(rows.map((row) => row['response_id'])).size).toBe(bills.length)
    for (const teamId of teams) {
      const own = rows.filter((row) => row['account_id'] === `team:${teamId}`)
      expect(own.length).toBeGreaterThan(0)
      await expectBooks(teamId, BigInt(own.length + 1) * BILL)
    }
    expect((await keyInfo(key))['spend']).toBeLessThanOrEqual(usd(costOf(bills)))
  })
})

it('keeps 50 members who are added at the same time, and each of their limits', async () => {
  const { teamId } = await stack.tenant()
  const users = Array.from({ length: 50 }, (_, i) => ({ user_id: `user-${i}-${randomUUID()}`, i }))
  const answers = await Promise.all(
    users.map(({ user_id, i }) =>
      stack.http('/team/member_add', {
        body: { team_id: teamId, member: { role: 'user', user_id }, max_budget_in_team: i },
      }),
    ),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(50)
  const { json } = await stack.http(`/team/info?team_id=${teamId}`)
  const memberships = json['team_memberships'] as Json[]
  const limits = new Map(memberships.map((one) => [one['user_id'], one['litellm_budget_table']]))
  for (const { user_id, i } of users) expect(limits.get(user_id)).toMatchObject({ max_budget: i })
  const { members_with_roles: members } = json['team_info'] as { members_with_roles: Json[] }
  expect(members).toHaveLength(51)
})
