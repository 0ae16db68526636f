import { describe, expect, it } from 'vitest'
import type { Call } from '../../../src/gateway/call.ts'
import type { Attempt } from '../../../src/gateway/relay/attempt.ts'
import type { Charge } from '../../../src/gateway/relay/charge.ts'
import { Deadline } from '../../../src/gateway/relay/deadline.ts'
import { relayStream } from '../../../src/gateway/relay/stream.ts'
import { flat } from '../../../src/pricing/rates.ts'

const encoder = new TextEncoder()
const says = (content: string) =>
  `data: ${JSON.stringify({ id: 'i', model: 'm', choices: [{ index: 0, delta: { content } }] })}\n\n`

interface Plan {
  readonly heldPico: bigint
  /** The cap that was sent; null: no budget is strict. */
  readonly outputTokens: number | null
}

/** A provider that says these words, one event each, and what client and books get of them. */
async function relay(words: readonly string[], plan: Plan) {
  const clientSignal = new AbortController().signal
  const call = {
    id: 'e1',
    clientSignal,
    price: flat('config', { input: 10n, output: 100n }),
    startedMs: 0,
    estimate: { inputTokens: 20, expectedTokens: 30, boundOutput: null },
    body: { stream: true, streamOptions: null, outputCap: null },
    deployment: { id: 'd1', streamTimeoutMs: 5_000 },
    policy: { rows: [], model: 'm' },
    callId: 'c1',
    wire: { kind: 'openai' },
    endpoint: { dialect: 'openai' },
    group: 'm',
  } as unknown as Call
  const kind = 'admitted'
  const admission = {
    kind,
    tight: false,
    scopes: [],
    rates: [],
    wouldRefuse: null,
    ...plan,
  } as const
  let charge: Charge | undefined
  let text = Promise.resolve('')
  let cancelled = false
  const events = [...words.map(says), 'data: [DONE]\n\n']
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const event = events.shift()
      if (event === undefined) controller.close()
      else controller.enqueue(encoder.encode(event))
    },
    cancel: () => void (cancelled = true),
  })
  const attempt: Attempt = {
    call,
    admission,
    deadline: new Deadline(clientSignal),
    respond: (response) => void (text = response.text()),
    saw: () => undefined,
    release: async () => undefined,
    settle: async (settled) => {
      charge = settled
      return null
    },
  }
  await relayStream(attempt, new Response(body))
  attempt.deadline.stop()
  return { text: await text, charge, cancelled, unsaid: events.length }
}

const CAP = 8
/** 20 tokens in, and the cap out: what a strict budget would have held at the least. */
const HELD = 20n * 10n + BigInt(CAP) * 100n
const word = ' word'

describe('a stream under a strict budget', () => {
  it('that says what it may comes whole', async () => {
    const words = Array.from({ length: CAP }, () => word)
    const { text, charge } = await relay(words, { heldPico: HELD, outputTokens: CAP })
    expect(text).toBe([...words.map(says), 'data: [DONE]\n\n'].join(''))
    expect(charge?.detail).toMatchObject({ usageSource: 'counted', reason: 'no usage' })
  })

  it('that runs past its hold is cut, told so, and charged what was counted', async () => {
    const words = Array.from({ length: 100 }, () => word)
    const { text, charge, cancelled, unsaid } = await relay(words, {
      heldPico: HELD,
      outputTokens: CAP,
    })
    expect(cancelled).toBe(true)
    expect(unsaid).toBeGreaterThan(80)
    expect(text).toContain(says(word))
    expect(text).not.toContain('[DONE]')
    const [, told = ''] = text.split('\n\n\n\n')
    expect(JSON.parse(told.replace('data: ', ''))).toEqual({
      error: {
        message: 'The answer ran past what its budget had set aside for it.',
        type: 'budget_exceeded',
        param: null,
        code: '400',
      },
    })
    expect(charge?.detail).toMatchObject({
      usageSource: 'counted',
      reason: 'past its hold',
      responseId: 'i',
    })
    expect(charge!.pico).toBeGreaterThan(HELD)
  })

  it('of letters, or of few long words, is not taken for more than it is', async () => {
    // 8 tokens as letters, and 8 long ones as one event each: a count of bytes / 4 has far more.
    const letters = 'a word is more than a token'.split('')
    const long = Array.from({ length: CAP }, () => ' internationalis')
    for (const words of [letters, long]) {
      const { text } = await relay(words, { heldPico: HELD, outputTokens: CAP })
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    }
  })
})

it('is never cut where no budget is strict', async () => {
  const words = Array.from({ length: 100 }, () => word)
  const { text } = await relay(words, { heldPico: 1n, outputTokens: null })
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
})
