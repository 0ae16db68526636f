import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { costOf, pico, PRICE, usd } from './amounts.ts'
import type { Row } from './database.ts'
import { eventually } from './eventually.ts'
import type { Json } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { isLong } from './long.ts'
import { passDeadlines, ringAlarm } from './object-file.ts'

const ROUNDS = isLong ? 20 : 2
const KILLS = 2
const BILLED = { promptTokens: 1_100, completionTokens: 10 }
/** More than a call can cost at most, which is a token for each of its bytes and 1,024 more. */
const ABOVE_BOUND = 1_300n * PRICE.input + 10n * PRICE.output
const CALLERS = 24

/** In calls at their bound; the team's is the last one that is reached. */
const WORTH = { key: 8n, member: 9n, model: 10n, team: 40n }
const NAMES = ['key', 'member', 'model', 'team'] as const
type Name = (typeof NAMES)[number]
type Sums = Record<Name, bigint>
const limitOf = (name: Name): bigint => WORTH[name] * ABOVE_BOUND

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

interface Tenant {
  teamId: string
  userId: string
  model: string
  word: string
  keys: Record<Name, string>
  hashes: Record<'key' | 'model', string>
}

async function newTenant(): Promise<Tenant> {
  const word = mark()
  const model = `script/usage-1100-10+delay-60ms+${word}`
  const userId = `user-${randomUUID()}`
  const { teamId, key: team } = await stack.tenant({
    max_budget: usd(limitOf('team')),
    team_member_budget: usd(limitOf('member')),
    budget_enforcement: 'strict',
  })
  const body = { team_id: teamId, member: { role: 'user', user_id: userId } }
  expect((await stack.http('/team/member_add', { body })).status).toBe(200)
  const keyOf = (fields: object): Promise<string> => stack.newKey({ team_id: teamId, ...fields })
  const modelLimit = { [model]: { budget_limit: usd(limitOf('model')) } }
  const keys = {
    team,
    key: await keyOf({ max_budget: usd(limitOf('key')) }),
    member: await keyOf({ user_id: userId }),
    model: await keyOf({ model_max_budget: modelLimit }),
  }
  return {
    teamId,
    userId,
    model,
    word,
    keys,
    hashes: { key: sha256(keys.key), model: sha256(keys.model) },
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Calls again and again; ends with what was said at last, or with the connection. */
async function callUntilRefused(key: string, model: string): Promise<number | null> {
  for (;;) {
    const answer = await stack.chat(key, model, { max_tokens: 10 }).catch(() => null)
    if (!answer) return null
    if (answer.status === 400) return 400
    expect([200, 429], answer.text).toContain(answer.status)
  }
}

/** What each scope has spent as its ledger knows it, as Postgres' copies have it, and by log rows. */
async function books({ teamId, userId, model, hashes }: Tenant): Promise<Record<string, Sums>> {
  const { json } = await stack.http(`/team/info?team_id=${teamId}`)
  const [team, keys] = [json['team_info'] as Json, json['keys'] as Json[]]
  const [one, two] = [hashes.key, hashes.model].map((hash) => keys.find((k) => k['token'] === hash))
  const used = two?.['model_max_budget_usage'] as Record<string, Json> | undefined
  const members = json['team_memberships'] as Json[]
  const member = members.find((membership) => membership['user_id'] === userId)
  const live = [one?.['spend'], member?.['spend'], used?.[model]?.['current_spend'], team['spend']]
  const [copy] = await stack.database.rows(
    `SELECT (SELECT spend FROM keys WHERE token = $1) AS key,
      (SELECT spend FROM memberships WHERE team_id = $2 AND user_id = $3) AS member,
      (SELECT spend FROM window_spends WHERE account_id = $4 AND scope = $5) AS model,
      (SELECT spend FROM accounts WHERE account_id = $4) AS team`,
    [hashes.key, teamId, userId, `team:${teamId}`, `key:${hashes.model}/${model}`],
  )
  const rows = await stack.logRows(teamId)
  const sum = (counts: (row: Row) => boolean): bigint =>
    rows.filter(counts).reduce((total, row) => total + BigInt(row['spend_pico'] ?? 0), 0n)
  return {
    ledger: sums(live.map((spend) => BigInt(Math.round(Number(spend) * 1e12)))),
    postgres: sums(NAMES.map((name) => pico(copy?.[name] ?? '0'))),
    logs: sums([
      sum((row) => row['key_hash'] === hashes.key),
      sum((row) => row['user_id'] === userId),
      sum((row) => row['key_hash'] === hashes.model),
      sum(() => true),
    ]),
  }
}

function sums([key = -1n, member = -1n, model = -1n, team = -1n]: bigint[]): Sums {
  return { key, member, model, team }
}

it(
  'is within every strict limit, and all books agree, after kills in the middle of the traffic',
  { timeout: ROUNDS * 60_000 },
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const tenant = await newTenant()
      const { teamId, model, word, keys } = tenant
      let orphans = 0
      const wave = (): Promise<(number | null)[]> =>
        Promise.all(
          Array.from({ length: CALLERS }, (_, i) =>
            callUntilRefused(keys[NAMES[i % NAMES.length] ?? 'team'], model),
          ),
        )
      for (let kill = 0; kill < KILLS; kill++) {
        const before = stack.bills(word).length
        const calls = wave()
        await eventually(() => expect(stack.bills(word).length).toBeGreaterThan(before + 3))
        await stack.worker.kill('SIGKILL')
        expect(await calls).toContain(null)
        orphans += passDeadlines(stack.stateDir, `team:${teamId}`)
        ringAlarm(stack.stateDir, `team:${teamId}`)
        await stack.worker.restart()
      }
      expect(orphans).toBeGreaterThan(0)
      expect(await wave()).toEqual(Array.from({ length: CALLERS }, () => 400))

      const settled = await eventually(async () => {
        const all = await books(tenant)
        expect(all['postgres']).toEqual(all['ledger'])
        expect(all['logs']).toEqual(all['ledger'])
        return all['ledger']
      })
      for (const name of NAMES) expect(settled?.[name]).toBeLessThanOrEqual(limitOf(name))
      // Every bill is in the books; what was cut off is there as its hold.
      expect(settled?.team).toBeGreaterThanOrEqual(costOf(stack.bills(word)))
      const full = costOf(Array.from({ length: 20 }, () => BILLED))
      expect(settled?.team).toBeGreaterThan(full)
    }
  },
)
