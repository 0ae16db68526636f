import type { FAULTS } from './provider.ts'

export type Fault = (typeof FAULTS)[number]

/** A piece of an answer, and what it adds to the bill. */
interface Step {
  readonly bytes: Uint8Array
  readonly tokens: bigint
  readonly promptPico: bigint
  /** The end mark: nothing is read after it. */
  readonly isEnd: boolean
}

export interface Plan {
  readonly status: number
  readonly type: string
  readonly steps: readonly Step[]
  readonly end: 'close' | 'break' | 'silent'
  readonly pauseMs: number
  /** What the whole costs; a stream is billed step by step instead. */
  readonly billPico: bigint
  readonly billsSteps: boolean
  /** Whoever read it to its end knows what the call cost. */
  readonly usage: boolean
}

export interface Tokens {
  readonly prompt: number
  readonly output: number
}

/** Per token, as the deployment's prices in worker.ts say it. */
export const BILL_PICO = { prompt: 1_000_000n, output: 2_000_000n }

const JSON_TYPE = 'application/json'
const encoder = new TextEncoder()

function costOf({ prompt, output }: Tokens): bigint {
  return BigInt(prompt) * BILL_PICO.prompt + BigInt(output) * BILL_PICO.output
}

function usageOf({ prompt, output }: Tokens) {
  return { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output }
}

function step(text: string, more: Partial<Step> = {}): Step {
  return { bytes: encoder.encode(text), tokens: 0n, promptPico: 0n, isEnd: false, ...more }
}

/** An answer without a bill. */
function free(more: Partial<Plan>): Plan {
  const nothing = { billPico: 0n, billsSteps: false, pauseMs: 50, usage: false } as const
  const quiet = { end: 'close' as const, status: 200, type: JSON_TYPE, steps: [] }
  return { ...nothing, ...quiet, ...more }
}

/** One JSON answer in two pieces. Null: none ever. */
export function answerOf(tokens: Tokens, fault: Fault | null): Plan | null {
  const refusal = refusalOf(fault)
  if (refusal !== undefined) return refusal
  const content = 'word'.repeat(tokens.output)
  const text = JSON.stringify({
    id: 'answer',
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content } }],
    ...(fault === 'no usage' ? {} : { usage: usageOf(tokens) }),
  })
  const whole = { billPico: costOf(tokens), pauseMs: 200 }
  const first = step(text.slice(0, 40))
  if (fault === 'cut' || fault === 'unfinished') {
    return free({ ...whole, steps: [first], end: fault === 'cut' ? 'break' : 'close' })
  }
  if (fault === 'stalls') return free({ ...whole, steps: [first], end: 'silent' })
  const last = step(text.slice(40))
  return free({ ...whole, steps: [first, last], usage: fault !== 'no usage' })
}

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** A stream of one token an event, the usage and the end mark. Null: none ever. */
export function streamOf(tokens: Tokens, fault: Fault | null): Plan | null {
  const refusal = refusalOf(fault)
  if (refusal !== undefined) return refusal
  const head = { id: 'stream', object: 'chat.completion.chunk', model: 'm' }
  const words = Array.from({ length: tokens.output }, (_, i) => {
    const choices = [{ index: 0, delta: { content: 'w' } }]
    const promptPico = i === 0 ? BigInt(tokens.prompt) * BILL_PICO.prompt : 0n
    return step(event({ ...head, choices }), { tokens: 1n, promptPico })
  })
  const usage = step(event({ ...head, choices: [], usage: usageOf(tokens) }))
  const done = step('data: [DONE]\n\n', { isEnd: true })
  const pauseMs = fault === 'drips' ? 18_000 : 400
  const stream = { type: 'text/event-stream', billsSteps: true, pauseMs }
  const early = step(event({ ...head, choices: [], usage: usageOf({ ...tokens, output: 1 }) }))
  const some = words.slice(0, Math.ceil(words.length / 2))
  switch (fault) {
    case 'cut':
      return free({ ...stream, steps: some, end: 'break' })
    case 'half a usage':
      return free({ ...stream, steps: [early, ...some], end: 'break' })
    case 'stalls':
      return free({ ...stream, steps: some, end: 'silent' })
    case 'unfinished':
      return free({ ...stream, steps: [...words, usage], end: 'break' })
    case 'no usage':
      return free({ ...stream, steps: [...words, done] })
    default:
      return free({ ...stream, steps: [...words, usage, done], usage: true })
  }
}

/** Undefined: it does answer. */
function refusalOf(fault: Fault | null): Plan | null | undefined {
  switch (fault) {
    case 'silent':
      return null
    case 'error':
      return free({ status: 500, steps: [step('{"error":{"message":"broken"}}')] })
    case 'page':
      return free({ type: 'text/html', steps: [step('<html>busy</html>')] })
    case 'empty':
      return free({})
    default:
      return undefined
  }
}
