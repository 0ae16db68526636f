import { NeonDbError } from '@neondatabase/serverless'
import type { Dice } from '../dice.ts'
import type { Life, Scheduler } from '../scheduler.ts'
import type { Weather } from '../weather.ts'

/** As src/db/connect.ts has it. */
const STATEMENT_TIMEOUT_MS = 5_000

interface Linking {
  readonly scheduler: Scheduler
  readonly dice: Dice
  readonly weather: Weather
}

/** The way to Postgres: a statement happens or not, and who asked may never learn which. */
export function databaseLink({ scheduler, dice, weather }: Linking) {
  return async <T>(life: Life | null, statement: () => T): Promise<T> => {
    const { executes, executeMs, answerMs, failure } = fateOf(weather.database, dice)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    scheduler.after(STATEMENT_TIMEOUT_MS, life, () => reject(lost('The operation was aborted')))
    scheduler.after(executeMs, null, () => {
      if (!executes) return void scheduler.after(answerMs, life, () => reject(failure))
      try {
        const value = structuredClone(statement())
        scheduler.after(answerMs, life, () => (failure ? reject(failure) : resolve(value)))
      } catch (error) {
        scheduler.after(answerMs, life, () => reject(error))
      }
    })
    return promise
  }
}

interface Fate {
  readonly executes: boolean
  readonly executeMs: number
  readonly answerMs: number
  readonly failure: Error | null
}

function fateOf(weather: Weather['database'], dice: Dice): Fate {
  const quick = {
    executes: true,
    executeMs: dice.below(10),
    answerMs: dice.below(10),
    failure: null,
  }
  switch (weather) {
    case 'fine':
      return quick
    case 'refusing':
      return { ...quick, executes: false, failure: lost('Error connecting to database') }
    case 'slow':
      return {
        ...quick,
        executeMs: dice.below(dice.pick([12_000, 40_000])),
        answerMs: dice.below(4_000),
      }
    case 'losing answers':
      return dice.chance(0.7) ? { ...quick, failure: lost('connection closed') } : quick
    case 'failing half':
      return dice.chance(0.5) ? { ...quick, executes: false, failure: transient(dice) } : quick
  }
}

function lost(message: string): Error {
  return new NeonDbError(message)
}

function transient(dice: Dice): Error {
  const code = dice.pick(['40001', '40P01', '53300', '57P01', '08006'])
  return Object.assign(new NeonDbError('not now'), { code })
}
