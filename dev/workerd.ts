/** The production bundle under plain `workerd serve`: no proxy in front of it, killable, restartable. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bundledModules } from './bundle.ts'
import { freePort } from './listen.ts'
import { PROJECT_DIR } from './project.ts'
import { workerdConfig } from './workerd-config.ts'

const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000
const WORKERD = join(PROJECT_DIR, 'node_modules/workerd/bin/workerd')

export interface ServeWorker {
  /** What `bundle` wrote. */
  bundleDir: string
  /** Durable Objects live here; the same folder again is the same Worker again. */
  stateDir: string
  port?: number
  env: Record<string, string>
  /** Takes the place of the bundled config.yaml. */
  configYaml?: string
  wranglerToml?: string
}

export interface WorkerServer {
  url: string
  readonly pid: number
  kill: (signal: NodeJS.Signals) => Promise<void>
  /** On the same port and state; ends the running one first, if there is one. */
  restart: () => Promise<void>
  stop: () => Promise<void>
  /** What it printed so far, on both outputs. */
  stderr: () => string
}

export async function serveWorker(options: ServeWorker): Promise<WorkerServer> {
  const port = options.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const configPath = await writeConfig(options, port)
  let output = ''
  const start = async (): Promise<ChildProcess> => {
    const child = spawnGroup(configPath, (chunk) => (output += chunk))
    await untilAnswers(child, url).catch(async (error: unknown) => {
      await signalGroup(child, 'SIGKILL')
      throw new Error(`workerd did not start: ${String(error)}\n${output}`, { cause: error })
    })
    return child
  }
  let child = await start()
  const stop = async (): Promise<void> => {
    const hard = setTimeout(() => void signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS)
    await signalGroup(child, 'SIGTERM')
    clearTimeout(hard)
  }
  return {
    url,
    get pid() {
      return child.pid ?? 0
    },
    kill: (signal) => signalGroup(child, signal),
    restart: async () => {
      await stop()
      child = await start()
    },
    stop,
    stderr: () => output,
  }
}

async function writeConfig(options: ServeWorker, port: number): Promise<string> {
  const { bundleDir, stateDir, env, configYaml } = options
  const copyDir = join(stateDir, 'bundle')
  await rm(copyDir, { recursive: true, force: true })
  await cp(bundleDir, copyDir, { recursive: true })
  await mkdir(join(stateDir, 'objects'), { recursive: true })
  const modules = await bundledModules(copyDir)
  if (configYaml !== undefined) {
    const configs = modules.filter(({ name }) => name.endsWith('config.yaml'))
    if (configs.length !== 1) throw new Error(`${configs.length} config.yaml in ${bundleDir}`)
    await Promise.all(configs.map(({ path }) => writeFile(path, configYaml)))
  }
  const configPath = join(stateDir, 'workerd.capnp')
  const config = workerdConfig({
    wranglerToml: options.wranglerToml ?? join(PROJECT_DIR, 'wrangler.toml'),
    port,
    modules,
    objectsDir: resolve(stateDir, 'objects'),
    env,
  })
  // The environment holds secrets.
  await writeFile(configPath, config, { mode: 0o600 })
  return configPath
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) if (child.pid) process.kill(-child.pid, 'SIGKILL')
})

function spawnGroup(configPath: string, print: (chunk: string) => void): ChildProcess {
  const child = spawn(WORKERD, ['serve', configPath], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.stdout.on('data', (chunk: Buffer) => print(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => print(chunk.toString()))
  return child
}

async function signalGroup(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-child.pid, signal)
  if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited
}

async function untilAnswers(child: ChildProcess, url: string): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended')
    try {
      const answer = await fetch(`${url}/health/liveliness`)
      await answer.body?.cancel()
      return
    } catch (error) {
      if (Date.now() > deadlineMs) throw error
    }
    await sleep(20)
  }
}
