/** How many rows the real object writes: measured inside workerd, by the test that bounds it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { binary, PROJECT_DIR, toolEnv } from '../project.ts'

export interface RowsFigures {
  requests: number
  /** From a request's hold until it is delivered and folded; alarms are billed as rows. */
  rowsPerRequest: number
  alarmsPerRequest: number
}

/** With a hundred requests that are delivered together, and for one that is alone. */
export interface Rows {
  many: RowsFigures
  alone: RowsFigures
}

interface Counted {
  requests: number
  rows: number
  alarms: number
}

const REPORT = join(PROJECT_DIR, '.bench/rows.json')
const TEST = 'test/ledger/rows.test.ts'

export async function measureRows(): Promise<Rows> {
  const args = ['run', '--project', 'worker', '--reporter', 'json', '--outputFile', REPORT, TEST]
  const child = spawn(binary('vitest'), args, {
    cwd: PROJECT_DIR,
    env: toolEnv(),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  process.off('exit', stop)
  const told = code === 0 ? await readFile(REPORT, 'utf8') : ''
  const found = /"rowsWritten":(\{"many":\{[^}]*\},"alone":\{[^}]*\}\})/.exec(told)?.[1]
  if (!found) throw new Error(`${TEST} failed:\n${output}`)
  const { many, alone } = JSON.parse(found) as { many: Counted; alone: Counted }
  return { many: figures(many), alone: figures(alone) }
}

function figures({ requests, rows, alarms }: Counted): RowsFigures {
  return { requests, rowsPerRequest: rows / requests, alarmsPerRequest: alarms / requests }
}
