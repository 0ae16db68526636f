import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SeenRequest } from '../../dev/provider.ts'
import { costOf } from './amounts.ts'
import { eventually } from './eventually.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { rawChat } from './raw-call.ts'
import type { RawCall } from './raw-call.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const BUDGET = { max_budget: 1 }

const asked = (word: string): SeenRequest[] =>
  stack.provider.requests.filter(({ body }) => body.includes(word))

interface Leaver {
  script: string
  stream: boolean
  leave: (call: RawCall, providerAsked: () => Promise<void>) => Promise<void>
}

const leavers: Record<string, Leaver> = {
  'a stream, before its headers': {
    script: 'delay-600ms+chunks-3',
    stream: true,
    leave: async (call, providerAsked) => {
      await providerAsked()
      expect(call.seen()).toBe('')
      call.reset()
    },
  },
  'a stream at its headers': {
    script: 'slow-300ms+chunks-4',
    stream: true,
    leave: async (call) => {
      await call.until('\r\n\r\n')
      call.reset()
    },
  },
  'a stream at its first chunk': {
    script: 'slow-200ms+chunks-6',
    stream: true,
    leave: async (call) => {
      await call.until('data: {')
      call.reset()
    },
  },
  'a stream in its middle': {
    script: 'slow-200ms+chunks-6',
    stream: true,
    leave: async (call) => {
      await call.until('" 2"')
      call.reset()
    },
  },
  'a stream at its last chunk': {
    // The end comes this much later: a busy client has to be gone by then.
    script: 'slow-800ms+chunks-6',
    stream: true,
    leave: async (call) => {
      await call.until('" 5"')
      call.reset()
    },
  },
  'a stream in its middle, with a FIN': {
    script: 'slow-200ms+chunks-6',
    stream: true,
    leave: async (call) => {
      await call.until('" 2"')
      call.end()
    },
  },
  'an answer in one piece, before the provider gave it': {
    script: 'delay-600ms',
    stream: false,
    leave: async (call, providerAsked) => {
      await providerAsked()
      expect(call.seen()).toBe('')
      call.reset()
    },
  },
  'an answer in one piece, while the provider sends it': {
    script: 'slow-600ms',
    stream: false,
    leave: async (call, providerAsked) => {
      await providerAsked()
      await sleep(200)
      call.reset()
    },
  },
}

const DRAIN_MS = 20_000

async function untilAbandoned(word: string): Promise<number> {
  const leftMs = Date.now()
  await eventually(() => {
    const seen = stack.provider.requests.find(({ body }) => body.includes(word))
    expect(seen?.abandoned).toBe(true)
  }, DRAIN_MS + 10_000)
  return Date.now() - leftMs
}

describe.concurrent(
  'a provider that takes longer than 20 s after its client left is cut off',
  () => {
    it('and a stream is charged what was seen of it', async () => {
      const word = mark()
      const { teamId, key } = await stack.tenant(BUDGET)
      const name = `script/slow-400ms+chunks-90+${word}`
      const call = await rawChat(stack.url, key, { model: name, stream: true })
      await call.until('data: {')
      call.reset()
      const drainedMs = await untilAbandoned(word)
      expect(drainedMs).toBeGreaterThan(DRAIN_MS - 1_000)
      const [row] = await stack.delivered(teamId, 1)
      expect(row).toMatchObject({ status: 'success', usage_source: 'counted' })
      expect(JSON.parse(row?.['detail'] ?? '')).toMatchObject({ reason: 'client left' })
      const [prompt, completion] = [row?.['prompt_tokens'], row?.['completion_tokens']].map(Number)
      // A chunk each 0.4 s was seen, and each is a token at least.
      expect(completion).toBeGreaterThanOrEqual(40)
      expect(completion).toBeLessThan(90)
      expect(prompt).toBeGreaterThan(20)
      await stack.agreeOn(
        teamId,
        costOf([{ promptTokens: prompt!, completionTokens: completion! }]),
      )
    })

    it('and what never answered is charged its hold', async () => {
      const word = mark()
      const { teamId, key } = await stack.tenant(BUDGET)
      const call = await rawChat(stack.url, key, { model: `script/hang+${word}`, max_tokens: 70 })
      await eventually(async () =>
        expect((await stack.ledgerSpend(teamId)).held).toBeGreaterThan(0),
      )
      const { held } = await stack.ledgerSpend(teamId)
      call.reset()
      expect(await untilAbandoned(word)).toBeGreaterThan(DRAIN_MS - 1_000)
      const [row] = await stack.delivered(teamId, 1)
      expect(row).toMatchObject({ status: 'failure', usage_source: 'bound', state: 'settled' })
      await stack.agreeOn(teamId, BigInt(row?.['spend_pico'] ?? -1))
      expect((await stack.ledgerSpend(teamId)).spend).toBe(held)
    })
  },
)

describe.concurrent('a client that leaves is charged once, as the provider bills:', () => {
  it.each(Object.entries(leavers))('%s', async (_name, { script, stream, leave }) => {
    const word = mark()
    const { teamId, key } = await stack.tenant(BUDGET)
    const name = `script/usage-13-29+${script}+${word}`
    const call = await rawChat(stack.url, key, { model: name, stream })
    await leave(call, () => eventually(() => expect(asked(word)).toHaveLength(1)))
    expect(call.seen()).not.toContain('[DONE]')
    const [row] = await stack.delivered(teamId, 1)
    expect(row).toMatchObject({ status: 'success', usage_source: 'provider', state: 'settled' })
    const bills = stack.bills(word)
    expect(bills).toHaveLength(1)
    expect(row?.['response_id']).toBe(bills[0]?.id)
    await stack.agreeOn(teamId, costOf(bills))
  })
})

it.concurrent('charges exactly what the provider bills, whenever 60 clients leave', async () => {
  const word = mark()
  const { teamId, key } = await stack.tenant(BUDGET)
  const script = `delay-200ms+slow-100ms+split-40+${word}`
  expect((await stack.chat(key, `script/${script}`)).status).toBe(200)
  await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const name = `script/usage-13-${index}+${script}`
      const call = await rawChat(stack.url, key, { model: name, stream: index % 3 > 0 })
      await sleep(index * 25)
      call.reset()
    }),
  )
  // A call whose client left before the provider was asked costs nothing anywhere.
  await eventually(async () => {
    const reached = asked(word).length
    expect(reached).toBeGreaterThan(5)
    expect(stack.bills(word)).toHaveLength(reached)
    const rows = await stack.logRows(teamId)
    expect(rows.filter(({ state }) => state === 'settled')).toHaveLength(reached)
  })
  await stack.agreeOn(teamId, () => costOf(stack.bills(word)))
})
