import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SeenRequest } from '../../dev/provider.ts'
import { PRICE, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import { expectError } from './expect-error.ts'
import type { Answer, Json } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'

const CHAT = '/v1/chat/completions'
/** Hidden prompts, which a bound counts beside the body's bytes. */
const OVERHEAD_TOKENS = 1_024n
const FLOOR = 256

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const seenWith = (word: string): SeenRequest[] =>
  stack.provider.requests.filter(({ body }) => body.includes(word))

/** What a call can cost at most, in picodollars. */
function bound(raw: string, outputTokens: number): bigint {
  const inputTokens = BigInt(Buffer.byteLength(raw)) + OVERHEAD_TOKENS
  return inputTokens * PRICE.input + BigInt(outputTokens) * PRICE.output
}

function bodyOf(script: string, more = ''): string {
  return `{"model":"script/${script}","messages":[{"role":"user","content":"hi"}]${more}}`
}

const send = (key: string, raw: string, headers = {}): Promise<Answer> =>
  stack.http(CHAT, { key, raw, headers })

async function strictKey(budget: bigint): Promise<{ key: string; teamId: string }> {
  return stack.tenant({ max_budget: usd(budget), budget_enforcement: 'strict' })
}

describe.concurrent('a strict budget', () => {
  it.each([
    ['without a cap', '', (n: number) => `,"max_completion_tokens":${n}`],
    ['with a cap', ',"max_tokens":90000', (n: number) => `,"max_tokens":${n}`],
    [
      'with two caps and another API’s',
      ',"max_output_tokens":70000, "max_completion_tokens" : 80000,"max_tokens":90000',
      (n: number) => `,"max_output_tokens":${n}, "max_completion_tokens" : ${n},"max_tokens":${n}`,
    ],
  ])('lowers the output of a call %s to what fits', async (_what, caps, expected) => {
    const word = mark()
    const raw = bodyOf(word, caps)
    const { key, teamId } = await strictKey(bound(raw, 1_000) + PRICE.output - 1n)
    const answer = await send(key, raw)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers.get('x-tollgate-max-tokens')).toBe('1000')
    const sent = seenWith(word)[0]?.body.toString()
    expect(sent).toBe(bodyOf(word, expected(1_000)).replace('script/', ''))
    expect((await stack.delivered(teamId, 1))[0]).toMatchObject({ usage_source: 'provider' })
  })

  it('sends the cap that it computed with, and says nothing if the client sent it', async () => {
    const word = mark()
    const raw = bodyOf(word, ',"max_tokens":40')
    const { key } = await strictKey(bound(raw, 40))
    const answer = await send(key, raw)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers.has('x-tollgate-max-tokens')).toBe(false)
    expect(seenWith(word)[0]?.body.toString()).toBe(raw.replace('script/', ''))
  })

  it('refuses what is too large at the floor, and asks no provider', async () => {
    const word = mark()
    const raw = bodyOf(word, ',"max_tokens":9000')
    const { key } = await strictKey(bound(raw, FLOOR) - 1n)
    const answer = await send(key, raw)
    expectError(answer, 400, {
      message: expect.stringMatching(/^Budget would be exceeded! Team=\S+ This call may cost up/),
      type: 'budget_exceeded',
      param: null,
    })
    expect(answer.headers.get('x-tollgate-reason')).toBe('too_large')
    expect(answer.headers.get('x-should-retry')).toBe('false')
    expect(seenWith(word)).toHaveLength(0)
  })

  it('admits one of two calls at once that fit alone, and the other afterwards', async () => {
    const word = mark()
    const raw = bodyOf(`delay-800ms+${word}`, ',"max_tokens":900')
    const { key } = await strictKey(bound(raw, 1_000))
    const first = send(key, raw)
    await eventually(() => expect(seenWith(word)).toHaveLength(1))
    const second = await send(key, raw)
    expectError(second, 429, { message: expect.any(String), type: 'budget_held', param: null })
    expect((await first).status).toBe(200)
    const third = await send(key, raw)
    expect(third.status, third.text).toBe(200)
  })

  it('cuts a stream that runs past its hold, and charges what was counted', async () => {
    const word = mark()
    const raw = bodyOf(`chunks-4000+slow-1ms+${word}`, ',"stream":true,"max_tokens":8')
    const { key, teamId } = await strictKey(1_000_000_000_000n)
    const answer = await send(key, raw)
    expect(answer.status).toBe(200)
    expect(answer.text).not.toContain('[DONE]')
    const last = answer.text.trim().split('data: ').at(-1)
    expect(JSON.parse(last ?? '')).toMatchObject({ error: { type: 'budget_exceeded' } })
    await eventually(() => expect(seenWith(word)[0]?.abandoned).toBe(true))
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ usage_source: 'counted', state: 'settled' })
    expect(JSON.parse(row?.['detail'] ?? '')).toMatchObject({ reason: 'past its hold' })
    expect(BigInt(row?.['spend_pico'] ?? 0)).toBeGreaterThan(bound(raw, 8))
  })
})

describe.concurrent('an observed budget', () => {
  it('refuses nothing, and says what it would have refused', async () => {
    const { key, teamId } = await stack.tenant({ max_budget: 0, budget_enforcement: 'observe' })
    for (const stream of [false, true]) {
      const answer = await stack.chat(key, 'script/usage-3-2', { stream })
      expect(answer.status, answer.text).toBe(200)
      expect(answer.headers.get('x-tollgate-would-refuse')).toBe('team:budget')
    }
    const rows = await stack.delivered(teamId, 2)
    for (const row of rows) {
      expect(JSON.parse(row['detail'] ?? '')).toMatchObject({ wouldRefuse: 'team:budget' })
    }
  })

  it('says nothing while there is something left', async () => {
    const { key } = await stack.tenant({ max_budget: 1, budget_enforcement: 'observe' })
    const answer = await stack.chat(key, 'script/gpt')
    expect(answer.headers.has('x-tollgate-would-refuse')).toBe(false)
  })
})

describe.concurrent('a dry run', () => {
  const DRY = { 'x-tollgate-dry-run': 'true' }

  it('tells what would be held; nothing is, and no provider is asked', async () => {
    const word = mark()
    const raw = bodyOf(word, ',"max_tokens":30')
    const { key, teamId } = await stack.tenant({ max_budget: 1, tpm_limit: 5_000 })
    const answer = await send(key, raw, DRY)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json).toMatchObject({
      decision: 'admitted',
      refusal: null,
      would_refuse: null,
      model: `script/${word}`,
      bound: usd(bound(raw, 30)),
      max_tokens: null,
      scopes: expect.arrayContaining([
        expect.objectContaining({
          scope: 'team',
          id: teamId,
          model: null,
          budget: 'main',
          limit: 1,
          spent: 0,
          held: 0,
          remaining: 1,
        }),
      ]),
      rates: [{ scope: 'team', tokens: { limit: 5_000, remaining: 5_000 } }],
    })
    expect(answer.json['hold']).toBe(answer.json['expected'])
    expect(await stack.ledgerSpend(teamId)).toEqual({ spend: 0, held: 0 })
    expect(seenWith(word)).toHaveLength(0)
    expect(
      (await send(key, raw, { 'x-tollgate-dry-run': 'perhaps' })).headers.get(
        'x-litellm-response-cost',
      ),
    ).not.toBeNull()
  })

  it('tells a refusal as the call would get it', async () => {
    const { key } = await stack.tenant({ max_budget: 0 })
    const { status, json } = await send(key, bodyOf('gpt'), DRY)
    const refused = await send(key, bodyOf('gpt'))
    expect(status).toBe(200)
    expect(json).toMatchObject({ decision: 'refused', refusal: refused.json })
    const { headers, status: told } = json['refusal'] as { headers: Json; status: number }
    expect(told).toBe(refused.status)
    expect(headers['x-tollgate-refused-by']).toBe('team')
  })

  it('needs a key, and a model that there is', async () => {
    const { key } = await stack.tenant()
    expect((await send('sk-nobody', bodyOf('gpt'), DRY)).status).toBe(401)
    expect((await send(key, '{"model":"nobody"}', DRY)).status).toBe(400)
  })
})

describe.concurrent('the headers of rate limits', () => {
  it('tell what is left, of the key and of its team', async () => {
    const { teamId } = await stack.tenant({ rpm_limit: 9 })
    const key = await stack.newKey({ team_id: teamId, rpm_limit: 5, tpm_limit: 100_000 })
    for (const [index, stream] of [false, true].entries()) {
      const { headers } = await stack.chat(key, 'script/gpt', { stream })
      expect(headers.get('x-ratelimit-api_key-limit-requests')).toBe('5')
      expect(headers.get('x-ratelimit-remaining-requests')).toBe(String(4 - index))
      expect(headers.get('x-ratelimit-team-remaining-requests')).toBe(String(8 - index))
      expect(Number(headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(100_000)
    }
  })
})

/** Two calls of a member whose team lets it call once a minute. */
async function memberCalls(on: Stack): Promise<Answer[]> {
  const { teamId } = await on.tenant({ team_member_rpm_limit: 1 })
  const key = await on.newKey({ team_id: teamId, user_id: `u-${randomUUID()}` })
  return [await on.chat(key, 'script/gpt'), await on.chat(key, 'script/gpt')]
}

describe("members' rate limits", () => {
  it('hold as shipped', async () => {
    const [first, second] = await memberCalls(stack)
    expect(first?.headers.get('x-ratelimit-team_member-remaining-requests')).toBe('0')
    expect(second?.status).toBe(429)
    expect(second?.headers.get('x-tollgate-refused-by')).toBe('member')
  })

  it('do not while EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING is off', async () => {
    const off = await startStack('', undefined, {
      EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING: 'false',
    })
    try {
      const answers = await memberCalls(off)
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      const names = answers.flatMap(({ headers }) => [...headers.keys()])
      expect(names.filter((name) => name.includes('team_member'))).toEqual([])
    } finally {
      await off.close()
    }
  })
})
