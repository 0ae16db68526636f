import { afterAll, beforeAll, expect, it } from 'vitest'
import { costOf, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import { HI } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const BILL = costOf([{ promptTokens: 20, completionTokens: 30 }])

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const spendOf = async (teamId: string): Promise<bigint> => {
  const { spend } = await stack.ledgerSpend(teamId)
  return BigInt(Math.round(spend * 1e12))
}

it('keeps what it acknowledged through two kills in mid-flight, and covers what was cut', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant({ max_budget: usd(1_000n * BILL) })
  const ask = (words: string): Promise<number> =>
    stack
      .chat(key, `script/usage-20-30+${words}+${word}`, { max_tokens: 30 })
      .then(({ status }) => status)
      .catch(() => 0)

  for (let round = 0; round < 2; round++) {
    const done = await Promise.all(Array.from({ length: 10 }, () => ask('quick')))
    expect(done.every((status) => status === 200)).toBe(true)
    const flying = Array.from({ length: 20 }, (_, index) => ask(`delay-${index * 40}ms`))
    await eventually(async () => {
      const asked = stack.provider.requests.filter(({ body }) => body.includes(word))
      expect(asked.length).toBeGreaterThanOrEqual((round + 1) * 30)
    })
    const acknowledged = await spendOf(teamId)
    expect(acknowledged).toBeGreaterThanOrEqual(BigInt((round + 1) * 10) * BILL)
    await stack.worker.kill('SIGKILL')
    const answered = (await Promise.all(flying)).filter((status) => status === 200).length
    expect(answered).toBeLessThan(20)
    await stack.worker.restart()
    const { spend, held } = await stack.ledgerSpend(teamId)
    expect(await spendOf(teamId)).toBeGreaterThanOrEqual(acknowledged)
    // Whatever the provider billed by now is spent, or held until the hold's deadline charges it.
    expect(spend + held).toBeGreaterThanOrEqual(usd(costOf(stack.bills(word))))
    expect(held).toBeGreaterThan(0)
    expect(await ask('after')).toBe(200)
  }

  await eventually(async () => {
    const rows = await stack.logRows(teamId)
    const logged = rows.reduce((sum, row) => sum + BigInt(row['spend_pico'] ?? 0), 0n)
    expect(logged).toBe(await spendOf(teamId))
    expect(new Set(rows.map((row) => row['response_id'])).size).toBe(rows.length)
    expect(rows.every((row) => row['spend_pico'] === String(BILL))).toBe(true)
    const [sums] = await stack.database.rows(
      `SELECT (SELECT spend FROM accounts WHERE account_id = $1) AS account,
        (SELECT sum(spend_pico) FROM daily_spend WHERE account_id = $1) AS daily`,
      [`team:${teamId}`],
    )
    expect(sums).toEqual({ account: expect.any(String), daily: String(logged) })
    expect(Number(sums?.['account'])).toBe(usd(logged))
  })
})

it('still refuses, right after a kill, whom it refused before it', async () => {
  const { teamId, key } = await stack.tenant({ max_budget: 1e-9 })
  expect((await stack.chat(key, 'script/usage-20-30')).status).toBe(200)
  const refused = await stack.chat(key, 'script/usage-20-30')
  await stack.worker.kill('SIGKILL')
  await stack.worker.restart()
  const again = await stack.chat(key, 'script/usage-20-30')
  expect({ status: again.status, text: again.text }).toEqual({ status: 400, text: refused.text })
  const line = `litellm_remaining_team_budget_metric{team_alias="None",team_id="${teamId}"} -`
  expect((await stack.http('/metrics')).text).toContain(line)
  await stack.agreeOn(teamId, BILL)
})

it('delivers by itself what a kill kept from Postgres', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  const client = stack.openai(key)
  await client.chat.completions.create({ model: `script/usage-5-5+${word}`, messages: HI })
  await stack.delivered(teamId, 1)
  stack.database.endpoint.faults.refuse = true
  await client.chat.completions.create({ model: `script/usage-5-6+${word}`, messages: HI })
  const left = usd(10n ** 12n - costOf(stack.bills(word)))
  await eventually(async () => {
    const { text } = await stack.http('/metrics')
    expect(text).toContain(`team_id="${teamId}"} ${left}`)
  })
  await stack.worker.kill('SIGKILL')
  stack.database.endpoint.faults.refuse = false
  await stack.worker.restart()
  await stack.delivered(teamId, 2)
  await stack.agreeOn(teamId, costOf(stack.bills(word)))
})
