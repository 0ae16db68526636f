import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../dev/listen.ts'
import { PROJECT_DIR } from '../../dev/project.ts'

const run = promisify(execFile)
const DATA = `test-${process.pid}`
const START = join(PROJECT_DIR, 'dev/start.ts')

let port: number
let server: ChildProcess
let printed = ''

/** What `npm start` runs, with a folder and a port of its own. */
function start(env: Record<string, string> = {}): ChildProcess {
  const own = { TOLLGATE_DATA: DATA, PORT: String(port), ...env }
  return spawn(process.execPath, [START], { cwd: PROJECT_DIR, env: { ...process.env, ...own } })
}

beforeAll(async () => {
  port = await freePort()
  server = start()
  server.stdout?.setEncoding('utf8')
  for await (const text of server.stdout ?? []) {
    printed += String(text)
    if (printed.includes('Ctrl-C ends it.')) return
  }
  throw new Error(`it ended before it was ready: ${printed}`)
})
afterAll(async () => {
  server.kill('SIGKILL')
  await rm(join(PROJECT_DIR, '.data', DATA), { recursive: true, force: true })
})

describe('npm start', () => {
  it('prints commands that can be pasted at once, and the budget holds', async () => {
    const commands = printed.slice(printed.indexOf('MASTER='), printed.indexOf('Ctrl-C'))
    const { stdout } = await run('bash', ['-c', commands])
    expect(stdout).toContain('"finish_reason":"stop"')
    expect(stdout).toContain(
      '{"error":{"message":"Budget has been exceeded! Current cost: 3.5e-06, ' +
        'Max budget: 1e-09","type":"auth_error","param":null,"code":400}}',
    )
    expect(stdout).toMatch(/litellm_remaining_team_budget_metric\{.*\} -3\.499e-06/)
  })

  it.each(['* * * * *', '17 3 * * *'])('runs cron by the HTTP trigger: %s', async (cron) => {
    const query = new URLSearchParams({ cron, format: 'json' })
    const url = `http://127.0.0.1:${port}/cdn-cgi/local/scheduled?${query}`
    expect(await (await fetch(url)).json()).toMatchObject({ outcome: 'ok' })
  })

  it('says in one line that it runs already', async () => {
    const second = start({ PORT: String(await freePort()) })
    let said = ''
    second.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    const [code] = await once(second, 'close')
    expect(code).toBe(1)
    expect(said.trim().split('\n')).toHaveLength(1)
    expect(said).toContain('it runs already')
  })

  it('ends with Ctrl-C, and leaves nothing on the port', async () => {
    server.kill('SIGINT')
    const [code] = await once(server, 'close')
    expect(code).toBe(0)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
  })
})
