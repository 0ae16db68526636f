import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PROJECT_DIR } from '../project.ts'

export interface Options {
  /** How long one round of one side lasts. */
  seconds: number
  rounds: number
  jsonPath: string
}

const SECONDS_MAX = 60
const ROUNDS_MAX = 20

export const USAGE_LINE =
  'npm run bench -- [--seconds N] [--rounds N] [--json path], or BENCH_SECONDS, BENCH_ROUNDS, BENCH_JSON'

/** Throws what is fit for a terminal. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { seconds: text, rounds: text, json: text } })
  const seconds = Number(values.seconds ?? env['BENCH_SECONDS'] ?? 1.5)
  const rounds = Number(values.rounds ?? env['BENCH_ROUNDS'] ?? 2)
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) throw new Error(`--seconds: 0 to ${SECONDS_MAX}`)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    throw new Error(`--rounds: 1 to ${ROUNDS_MAX}`)
  }
  const jsonPath = values.json ?? env['BENCH_JSON'] ?? join(PROJECT_DIR, '.bench/latest.json')
  return { seconds, rounds, jsonPath }
}
