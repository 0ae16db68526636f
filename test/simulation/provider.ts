import type { Dice } from './dice.ts'
import { answerOf, BILL_PICO, type Plan, streamOf } from './provider-plans.ts'
import type { Life, Scheduler } from './scheduler.ts'
import type { Weather } from './weather.ts'

/** What a provider asks for one call. */
export interface Bill {
  readonly tag: string
  pico: bigint
  /** The gateway was handed all of the answer, the usage too. */
  isComplete: boolean
  /** At most what the gateway held for it. */
  readonly isModest: boolean
}

/** Tokens that every call asks for at most; some providers give more. */
export const OUTPUT_CAP = 20
const PROMPT_TOKENS_MAX = 10

interface Providing {
  readonly scheduler: Scheduler
  readonly dice: Dice
  readonly weather: Weather
}

/** A provider: it answers, or fails in one of the ways that providers have, and keeps its bills. */
export class Provider {
  readonly bills: Bill[] = []
  readonly #providing: Providing

  constructor(providing: Providing) {
    this.#providing = providing
  }

  readonly fetch = async (_url: string, init: RequestInit): Promise<Response> => {
    const { dice, weather, scheduler } = this.#providing
    const asked = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as Asked
    const isModest = !dice.chance(0.15)
    const bill: Bill = { tag: asked.user, pico: 0n, isComplete: false, isModest }
    this.bills.push(bill)
    const tokens = {
      prompt: dice.between(1, PROMPT_TOKENS_MAX),
      output: isModest ? dice.between(1, OUTPUT_CAP) : dice.between(OUTPUT_CAP + 1, 60),
    }
    const fault = dice.chance(weather.provider) ? dice.pick(FAULTS) : null
    const plan = asked.stream ? streamOf(tokens, fault) : answerOf(tokens, fault)
    const waitMs = fault === 'slow' ? dice.between(5_000, 40_000) : dice.between(60, 3_000)
    const { life } = scheduler
    const signal = init.signal!
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    signal.addEventListener('abort', () => reject(signal.reason as Error))
    if (fault === 'unreachable') {
      scheduler.after(dice.below(30), life, () => reject(new TypeError('connection refused')))
    } else if (plan) {
      // It bills an answer that it made, also one that nobody waits for any more.
      if (!asked.stream) scheduler.after(waitMs, null, () => (bill.pico = plan.billPico))
      scheduler.after(waitMs, life, () => {
        if (fault === 'lost') reject(new TypeError('connection lost'))
        else if (!signal.aborted) resolve(this.#respond(plan, { bill, life, signal }))
      })
    }
    return promise
  }

  #respond(plan: Plan, { bill, life, signal }: Serving): Response {
    const { scheduler, dice } = this.#providing
    const steps = [...plan.steps]
    let stopped = false
    const source: UnderlyingSource<Uint8Array> = {
      start: (controller) => {
        signal.addEventListener('abort', () => {
          if (stopped) return
          stopped = true
          controller.error(signal.reason)
        })
      },
      pull: (controller) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        const step = steps.shift()
        if (!step && plan.end === 'silent') return promise
        scheduler.after(dice.below(plan.pauseMs), life, () => {
          if (stopped) return
          if (step) {
            if (plan.billsSteps) bill.pico += step.tokens * BILL_PICO.output + step.promptPico
            bill.isComplete ||= plan.usage && step.isEnd
            controller.enqueue(step.bytes)
          } else {
            stopped = true
            bill.isComplete ||= plan.usage
            if (plan.end === 'close') controller.close()
            else controller.error(new TypeError('connection lost'))
          }
          resolve()
        })
        return promise
      },
      cancel: () => {
        stopped = true
      },
    }
    const body = new ReadableStream(source, { highWaterMark: 0 })
    return new Response(body, { status: plan.status, headers: { 'content-type': plan.type } })
  }
}

interface Asked {
  readonly user: string
  readonly stream: boolean
}

interface Serving {
  readonly bill: Bill
  readonly life: Life | null
  readonly signal: AbortSignal
}

export const FAULTS = [
  'slow',
  'drips',
  'unreachable',
  'lost',
  'silent',
  'error',
  'page',
  'empty',
  'cut',
  'stalls',
  'no usage',
  'unfinished',
  'half a usage',
] as const
