import { ApiError } from '../../src/errors.ts'
import type { Dice } from './dice.ts'
import type { Life } from './scheduler.ts'
import { MODELS } from './start.ts'
import type { Town } from './town.ts'
import type { Worker } from './worker.ts'

/** What workerd leaves to a request without a client. */
const DISCONNECTED_MS = 30_000

/** Null: the call names none. */
const OUTPUT_CAPS = [20, 20, 20, 400, null] as const

/** One call of a client. */
export interface Told {
  readonly tag: string
  readonly life: Life
  status: number | 'pending'
  /** The gateway's work for it has ended. */
  isDone: boolean
  readonly startMs: number
  endMs: number
}

/** The apps: they call, read their answers fast or slowly, and leave when they like. */
export class Clients {
  readonly calls: Told[] = []
  readonly #town: Town

  constructor(town: Town) {
    this.#town = town
  }

  call(worker: Worker): void {
    const { dice, scheduler, database } = this.#town
    const tag = `call-${this.calls.length}`
    if (this.#town.isPoisoned && dice.chance(0.1)) this.#town.database.poison.add(tag)
    const { life, end } = requestOf(worker, tag)
    const startMs = scheduler.nowMs
    const told: Told = { tag, life, status: 'pending', isDone: false, startMs, endMs: startMs }
    this.calls.push(told)
    const controller = new AbortController()
    const reading = new Reading(dice, (ms) => scheduler.sleep(ms, life))
    if (dice.chance(0.05)) scheduler.after(dice.below(30_000), life, end)
    if (dice.chance(0.2)) {
      scheduler.after(dice.below(20_000), life, () => {
        controller.abort()
        reading.leave()
        scheduler.after(DISCONNECTED_MS, life, end)
      })
    }
    const asking = {
      tag,
      hash: dice.pick([...database.keys.keys()]),
      stream: dice.chance(0.5),
      model: dice.pick(MODELS),
      outputCap: dice.pick(OUTPUT_CAPS),
      clientSignal: controller.signal,
    }
    const respond = (response: Response): void => {
      told.status = response.status
      void reading.read(response)
    }
    const ended = (): void => {
      told.isDone = true
      told.endMs = scheduler.nowMs
    }
    scheduler.within(life, () => {
      worker.handle(asking, respond).then(
        () => ended(),
        (error: unknown) => {
          ended()
          if (error instanceof ApiError) told.status = error.status
          else this.#town.watch.violations.push(`${tag} failed inside: ${String(error)}`)
        },
      )
    })
  }
}

/** The platform ends a single request too: at any time, or a while after its client left. */
function requestOf(worker: Worker, name: string) {
  let isEnded = false
  const life: Life = {
    name,
    skewMs: worker.life.skewMs,
    get alive() {
      return worker.life.alive && !isEnded
    },
  }
  const end = (): void => {
    isEnded = true
  }
  return { life, end }
}

/** A client that takes its answer piece by piece, until it has it or leaves. */
class Reading {
  readonly #pauseMs: number
  readonly #sleep: (ms: number) => Promise<void>
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  #left = false

  constructor(dice: Dice, sleep: (ms: number) => Promise<void>) {
    this.#pauseMs = dice.chance(0.1) ? dice.below(30_000) : dice.below(50)
    this.#sleep = sleep
  }

  async read(response: Response): Promise<void> {
    this.#reader = response.body?.getReader() ?? null
    try {
      while (this.#reader && !this.#left) {
        const { done } = await this.#reader.read()
        if (done) return
        await this.#sleep(this.#pauseMs)
      }
    } catch {
      // The gateway broke off, and the client saw it.
    }
  }

  leave(): void {
    this.#left = true
    this.#reader?.cancel().catch(() => undefined)
  }
}
