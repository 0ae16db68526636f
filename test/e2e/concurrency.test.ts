import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { costOf, usd } from './amounts.ts'
import { HI } from './gateway.ts'
import type { Answer } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const all = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))

/** Bills 20 + 100 tokens; the body is longer than 80 bytes, so no call costs more than its hold. */
const BILL = costOf([{ promptTokens: 20, completionTokens: 100 }])
const scriptOf = (word: string): string => `script/usage-20-100+delay-100ms+${word}`
const CAPPED = { max_tokens: 100 }

it('admits 50 of 200 concurrent calls on a budget worth 50 of them', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant({ max_budget: usd(50n * BILL) })
  const first = await all(200, () => stack.chat(key, scriptOf(word), CAPPED))
  const refused = first.filter(({ status }) => status !== 200)
  const answered = 200 - refused.length
  expect(answered).toBeLessThanOrEqual(51)
  expect(answered).toBeGreaterThan(0)
  for (const { status, headers, json } of refused) {
    const mayRetry = headers.get('x-should-retry')
    expect([status, mayRetry]).toEqual(mayRetry === 'true' ? [429, 'true'] : [400, 'false'])
    const type = mayRetry === 'true' ? 'budget_held' : 'auth_error'
    expect(json).toMatchObject({ error: { type, param: null } })
  }

  // The SDK does as x-should-retry and retry-after say.
  const client = stack.openai(key, { maxRetries: 20 })
  const retried = await Promise.allSettled(
    refused
      .filter(({ headers }) => headers.get('x-should-retry') === 'true')
      .map(() =>
        client.chat.completions.create({ model: scriptOf(word), messages: HI, ...CAPPED }),
      ),
  )
  const failures = retried.filter((result) => result.status === 'rejected')
  for (const { reason } of failures) expect(reason).toBeInstanceOf(OpenAI.BadRequestError)
  const total = answered + retried.length - failures.length
  expect(total).toBeGreaterThanOrEqual(50)
  expect(total).toBeLessThanOrEqual(51)

  const bills = stack.bills(word)
  expect(bills).toHaveLength(total)
  await stack.agreeOn(teamId, costOf(bills))
  expect(await stack.logRows(teamId)).toHaveLength(total)
  expect((await stack.chat(key, scriptOf(word), CAPPED)).status).toBe(400)
})

it('holds a budget by streams as well, whatever each of them costs', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant({ max_budget: usd(20n * BILL) })
  const answers = await all(60, (index) => {
    const name = `script/usage-20-${50 + (index % 50)}+chunks-3+slow-30ms+split-11+${word}`
    return stack.chat(key, name, { ...CAPPED, stream: true })
  })
  const streamed = answers.filter(({ status }) => status === 200)
  expect(streamed.every(({ text }) => text.endsWith('data: [DONE]\n\n'))).toBe(true)
  const bills = stack.bills(word)
  expect(bills).toHaveLength(streamed.length)
  await stack.agreeOn(teamId, costOf(bills))
  // No hold was below its bill, so the last call alone may pass the limit.
  expect(costOf(bills)).toBeLessThan(21n * BILL)
})

it('never answers more than one call on a budget smaller than a call, 30 at once', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant({ max_budget: 1e-9 })
  const answers = await all(30, () => stack.chat(key, scriptOf(word), CAPPED))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect((await stack.chat(key, scriptOf(word), CAPPED)).status).toBe(400)
  await stack.agreeOn(teamId, BILL)
})

it('shows the next call what a tight one cost: one after another never passes the limit', async () => {
  const { teamId, key } = await stack.tenant({ max_budget: usd(3n * BILL) })
  const statuses: number[] = []
  for (let call = 0; call < 6; call++) {
    const stream = call % 2 === 1
    statuses.push((await stack.chat(key, 'script/usage-20-100', { ...CAPPED, stream })).status)
  }
  expect(statuses).toEqual([200, 200, 200, 400, 400, 400])
  await stack.agreeOn(teamId, 3n * BILL)
})

it('charges 100 calls with one x-litellm-call-id 100 times', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant({ max_budget: 1 })
  const headers = { 'x-litellm-call-id': `same-${word}` }
  const body = { model: `script/usage-7-11+${word}`, messages: HI }
  const answers = await all(100, () => stack.http('/v1/chat/completions', { key, body, headers }))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200))
  expect(answers[0]?.headers.get('x-litellm-call-id')).toBe(`same-${word}`)
  await stack.agreeOn(teamId, 100n * costOf([{ promptTokens: 7, completionTokens: 11 }]))
  const rows = await stack.delivered(teamId, 100)
  expect(new Set(rows.map((row) => row['call_id']))).toEqual(new Set([`same-${word}`]))
  expect(new Set(rows.map((row) => row['entry_id'])).size).toBe(100)
  const ids = stack.bills(word).map(({ id }) => id)
  expect(new Set(rows.map((row) => row['response_id']))).toEqual(new Set(ids))
})

it('keeps the ledgers of concurrent teams and keys apart', async () => {
  const word = mark()
  const tenants = await all(5, () => stack.tenant({ max_budget: 1 }))
  const spare = await all(5, (index) => stack.newKey({ team_id: tenants[index]!.teamId }))
  await all(100, async (index) => {
    const at = index % 5
    const key = index % 2 ? spare[at]! : tenants[at]!.key
    const { status } = await stack.chat(key, `script/usage-${at + 1}-${index}+${word}+team${at}`)
    expect(status).toBe(200)
  })
  for (const [at, { teamId, key }] of tenants.entries()) {
    const bills = stack.bills(word).filter(({ model }) => model.endsWith(`+team${at}`))
    expect(bills).toHaveLength(20)
    await stack.agreeOn(teamId, costOf(bills))
    const spends = await Promise.all([key, spare[at]!].map(keySpend))
    expect(spends.reduce((sum, spend) => sum + spend, 0)).toBeCloseTo(usd(costOf(bills)), 15)
    expect(spends.every((spend) => spend > 0)).toBe(true)
  }
})

async function keySpend(key: string): Promise<number> {
  const { json } = await stack.http(`/key/info?key=${key}`)
  return (json['info'] as { spend: number }).spend
}

it('admits exactly rpm_limit calls of a team in a minute, and says when the next may come', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant({ rpm_limit: 7 })
  const other = await stack.newKey({ team_id: teamId })
  const startedMs = Date.now()
  const answers = await all(40, (index) => {
    const name = index % 3 ? `script/${word}` : `script/status-500+${word}`
    return stack.chat(index % 2 ? key : other, name)
  })
  const refused = answers.filter(({ headers }) => headers.get('x-tollgate-reason') === 'requests')
  expect(refused).toHaveLength(33)
  refused.forEach((answer) => expectRateRefusal(answer, teamId, startedMs))
  // A failed call counts, a refused one never does; each admitted one reached the provider.
  const reached = stack.provider.requests.filter(({ body }) => body.includes(word))
  expect(reached).toHaveLength(7)
  expect((await stack.chat(key, `script/${word}`)).status).toBe(429)
})

function expectRateRefusal({ status, headers, json }: Answer, teamId: string, startedMs: number) {
  expect(status).toBe(429)
  expect(json).toEqual({
    error: {
      message: expect.stringMatching(
        new RegExp(
          `^Rate limit exceeded for team: ${teamId}\\. Limit type: requests\\. Current limit: 7, ` +
            String.raw`Remaining: 0\. Limit resets at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$`,
        ),
      ),
      type: 'None',
      param: 'None',
      code: '429',
    },
  })
  const retryAfterS = Number(headers.get('retry-after'))
  expect(retryAfterS).toBeLessThanOrEqual(60)
  expect(retryAfterS).toBeGreaterThanOrEqual(59 - (Date.now() - startedMs) / 1_000)
  expect(headers.get('rate_limit_type')).toBe('requests')
  expect(headers.get('x-tollgate-limit')).toBe('7')
}

it('admits exactly max_parallel_requests at once, and frees the place at the end', async () => {
  const { key } = await stack.tenant({ max_parallel_requests: 4 })
  expect((await stack.chat(key, 'script/gpt')).status).toBe(200)
  const slow = await all(12, () => stack.chat(key, 'script/delay-800ms'))
  expect(slow.filter(({ status }) => status === 200)).toHaveLength(4)
  const refused = slow.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(8)
  for (const { headers } of refused) expect(headers.get('retry-after')).toBe('1')
  const later = await stack
    .openai(key, { maxRetries: 3 })
    .chat.completions.create({ model: 'script/gpt', messages: HI })
  expect(later.object).toBe('chat.completion')
})

it('refuses what tpm_limit leaves no room for, by the tokens that were used', async () => {
  const { key } = await stack.tenant({ tpm_limit: 500 })
  const name = 'script/usage-200-200'
  expect((await stack.chat(key, name, { max_tokens: 50 })).status).toBe(200)
  const second = await stack.chat(key, name, { max_tokens: 50 })
  const third = await stack.chat(key, name, { max_tokens: 200 })
  expect(second.status).toBe(200)
  expect(third.status).toBe(429)
  expect(third.headers.get('rate_limit_type')).toBe('tokens')
})
