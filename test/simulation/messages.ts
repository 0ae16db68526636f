import type { Dice } from './dice.ts'
import { Injected } from './injected.ts'
import type { ObjectHost } from './object-host.ts'
import type { Scheduler } from './scheduler.ts'
import type { Weather } from './weather.ts'

interface Messaging {
  readonly scheduler: Scheduler
  readonly dice: Dice
  readonly weather: Weather
}

/** A message is on its way this long at most; longer than any caller waits for its answer. */
const LATE_MAX_MS = 90_000

/** A Worker's way to an object: its messages and their answers are lost, late, or come twice. */
export function stub<T>({ scheduler, dice, weather }: Messaging, host: ObjectHost): T {
  const send = async (method: string, values: readonly unknown[]): Promise<unknown> => {
    const { life } = scheduler
    const copy = structuredClone(values)
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const fate = fateOf(dice, weather)
    const fail = (ms: number): void => {
      // Some connections break with an error, some just stay silent.
      if (dice.chance(0.6)) scheduler.after(ms, life, () => reject(brokenOff(dice)))
    }
    const deliver = (ms: number, answers: boolean): void => {
      scheduler.after(ms, null, () => {
        const work = host.call(method, copy)
        work.then(
          (value) => {
            const copied = structuredClone(value)
            if (answers) scheduler.after(fate.answerMs, life, () => resolve(copied))
          },
          (error: unknown) => {
            if (answers) scheduler.after(fate.answerMs, life, () => reject(error))
          },
        )
      })
    }
    if (fate.arrives) deliver(fate.requestMs, fate.answers)
    if (fate.arrives && fate.again !== null) deliver(fate.again, false)
    if (!fate.arrives || !fate.answers) fail(fate.requestMs + fate.answerMs)
    return promise
  }
  const get = (_target: object, method: string | symbol) => {
    return (...values: unknown[]) => send(String(method), values)
  }
  return new Proxy({}, { get }) as T
}

interface Fate {
  readonly arrives: boolean
  readonly answers: boolean
  readonly requestMs: number
  readonly answerMs: number
  /** When it comes a second time. */
  readonly again: number | null
}

function fateOf(dice: Dice, weather: Weather): Fate {
  const [requestMs, answerMs] = [dice.below(20), dice.below(20)]
  const fine = { arrives: true, answers: true, requestMs, answerMs, again: null }
  if (!dice.chance(weather.messages)) return fine
  switch (dice.below(6)) {
    case 0:
      return { ...fine, arrives: false, answers: false }
    case 1:
      return { ...fine, answers: false }
    case 2:
      return { ...fine, requestMs: dice.below(10_000) }
    case 3:
      return { ...fine, answerMs: dice.below(10_000) }
    case 4:
      return { ...fine, requestMs: dice.below(LATE_MAX_MS), answers: false }
    default:
      return { ...fine, again: dice.below(LATE_MAX_MS) }
  }
}

function brokenOff(dice: Dice): Error {
  return Object.assign(new Injected('Network connection lost.'), { overloaded: dice.chance(0.2) })
}
