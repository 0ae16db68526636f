/** `wrangler dev` in a process group of its own, its output in a file. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unstable_readConfig as readConfig } from 'wrangler'
import type { Variables } from './environment.ts'
import { binary, PROJECT_DIR, toolEnv } from './project.ts'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 6_000

export interface WranglerDev {
  /** Settles when it ends, whatever the reason. */
  ended: Promise<unknown>
  stop: () => Promise<void>
}

export interface StartWranglerDev {
  dataDir: string
  logPath: string
  port: number
  variables: Variables
}

/** Resolves once the Worker answers. */
export async function startWranglerDev(options: StartWranglerDev): Promise<WranglerDev> {
  const configPath = await writeConfig(options.dataDir, Object.keys(options.variables))
  const log = openSync(options.logPath, 'w', 0o600)
  const command = [binary('wrangler'), ...wranglerArgs(options, configPath)]
  const guard = spawn(process.execPath, [join(import.meta.dirname, 'guard.ts'), ...command], {
    cwd: PROJECT_DIR,
    env: toolEnv({
      ...options.variables,
      WRANGLER_HIDE_BANNER: 'true',
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    }),
    detached: true,
    stdio: ['pipe', log, log],
  })
  closeSync(log)
  let running = true
  const ended = new Promise<void>((resolve) => {
    guard.once('close', resolve)
    guard.once('error', () => resolve())
  }).finally(() => (running = false))
  const stop = async (): Promise<void> => {
    guard.stdin?.destroy()
    await Promise.race([ended, sleep(STOP_TIMEOUT_MS)])
    if (running && guard.pid) process.kill(-guard.pid, 'SIGKILL')
  }
  const answers = await untilAnswers(`http://127.0.0.1:${options.port}`, () => running)
  if (answers) return { ended, stop }
  await stop()
  throw new Error(`the Worker did not start; see ${options.logPath}`)
}

function wranglerArgs({ dataDir, port }: StartWranglerDev, configPath: string): string[] {
  return [
    'dev',
    `--config=${configPath}`,
    '--ip=127.0.0.1',
    `--port=${port}`,
    '--inspector-port=0',
    `--persist-to=${join(dataDir, 'wrangler')}`,
    '--local',
    '--show-interactive-dev-session=false',
  ]
}

/**
 * wrangler hands on the variables of its own environment only if the configuration lists them as
 * secrets, and only if there is no `.dev.vars` beside it: hence a copy of wrangler.toml that lists
 * those we have. So no value is on a command line, in a file or in the log, and none needs quoting.
 */
async function writeConfig(dataDir: string, names: string[]): Promise<string> {
  const config = readConfig({ config: join(PROJECT_DIR, 'wrangler.toml') }, { hideWarnings: true })
  const { configPath: _, userConfigPath: __, unsafe: ___, ...rest } = config
  const vars = Object.entries(config.vars).filter(([name]) => !names.includes(name))
  const copy = { ...rest, vars: Object.fromEntries(vars), secrets: { required: names } }
  const path = join(dataDir, 'wrangler.json')
  await writeFile(path, JSON.stringify(copy, undefined, 2))
  return path
}

async function untilAnswers(url: string, running: () => boolean): Promise<boolean> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS
  while (running() && Date.now() < deadlineMs) {
    try {
      const answer = await fetch(`${url}/health/liveliness`)
      await answer.body?.cancel()
      if (answer.ok) return true
    } catch {
      // Not listening yet.
    }
    await sleep(100)
  }
  return false
}
