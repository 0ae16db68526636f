import type { Dice } from './dice.ts'
import { answerOf, BILL_PICO, type Plan, streamOf, type Tokens } from './provider-plans.ts'
import type { Life, Scheduler } from './scheduler.ts'
import type { Weather } from './weather.ts'

/** What a provider asks for one call. */
export interface Bill {
  readonly tag: string
  pico: bigint
  /** The gateway was handed all of the answer, the usage too. */
  isComplete: boolean
  /** It answered with an error, or not at all at once: that costs nothing. */
  isRefused: boolean
  /** The most output tokens that it was asked for; null: as many as it likes. */
  readonly cap: number | null
}

const PROMPT_TOKENS_MAX = 10
/** Without being asked to, none writes more; streams come word by word, so they are short. */
const OUTPUT_MAX = 2_000
const OUTPUT_USUAL_MAX = 20
const OUTPUT_STREAM_MAX = 60
/** What a provider may add to a prompt, as pricing/estimate.ts bounds it. */
const HIDDEN_PROMPT_TOKENS = 1_024

interface Providing {
  readonly scheduler: Scheduler
  readonly dice: Dice
  readonly weather: Weather
  /** Whether bills come up to what a call may cost at its worst. */
  readonly isDear: boolean
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
    const bytes = init.body as Uint8Array
    const asked = JSON.parse(new TextDecoder().decode(bytes)) as Asked
    const tag = asked.user
    const cap = asked.max_completion_tokens ?? asked.max_tokens ?? null
    const bill: Bill = { tag, pico: 0n, isComplete: false, isRefused: false, cap }
    this.bills.push(bill)
    const said = this.#tokens(asked.stream, cap ?? OUTPUT_MAX, bytes.length)
    const fault = dice.chance(weather.provider) ? dice.pick(FAULTS) : null
    // Of a prompt that nobody reports, the gateway knows the bytes.
    const prompt = fault === 'no usage' ? Math.min(said.prompt, PROMPT_TOKENS_MAX) : said.prompt
    const tokens = { ...said, prompt }
    const plan = asked.stream ? streamOf(tokens, fault) : answerOf(tokens, fault)
    const waitMs = fault === 'slow' ? dice.between(5_000, 40_000) : dice.between(60, 3_000)
    const { life } = scheduler
    const signal = init.signal!
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    signal.addEventListener('abort', () => reject(signal.reason as Error))
    if (fault === 'unreachable') {
      bill.isRefused = true
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

  /** Most answers are short; some are as long as they may be, and some are longer. */
  #tokens(stream: boolean, cap: number, bodyBytes: number): Tokens {
    const { dice, isDear } = this.#providing
    const size = dice.weighted({ usual: 14, full: 3, excessive: 3 })
    const prompt = dice.between(1, PROMPT_TOKENS_MAX)
    const usual = dice.between(1, Math.min(OUTPUT_USUAL_MAX, cap))
    if (size === 'usual') return { prompt, output: usual }
    const more = size === 'full' ? 0 : dice.between(1, 40)
    if (stream) return { prompt, output: Math.min(cap + more, OUTPUT_STREAM_MAX) }
    const worst = isDear ? bodyBytes + HIDDEN_PROMPT_TOKENS : prompt
    return { prompt: worst, output: cap + more }
  }

  #respond(plan: Plan, { bill, life, signal }: Serving): Response {
    const { scheduler, dice } = this.#providing
    bill.isRefused = plan.status >= 400
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
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
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
