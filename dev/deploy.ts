/** `npm run deploy`: check, migrate, make sure that the secrets are there, deploy. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { migrateDatabase, summary } from './migrate.ts'
import { binary, PROJECT_DIR, toolEnv } from './project.ts'
import { planSecrets, secretProblem, SECRETS } from './secrets.ts'
import type { Secret, Secrets } from './secrets.ts'

async function deploy(): Promise<void> {
  await run('npm', ['run', '--silent', 'check'])
  // What is missing in any case is said before anyone is asked.
  refuseToAsk(planSecrets(process.env, SECRETS).missing)
  const plan = planSecrets(process.env, await secretsInWorker())
  refuseToAsk(plan.missing)
  const secrets: Secrets = plan.known
  for (const name of plan.missing) secrets[name] = await askHidden(name)
  for (const [name, value] of Object.entries(secrets)) {
    const problem = secretProblem(name as Secret, value)
    if (problem) throw new Error(problem)
  }
  console.log(summary(await migrateDatabase(secrets.DATABASE_URL ?? '')))
  const toSet = Object.fromEntries(plan.toSet.map((name) => [name, secrets[name]]))
  if (plan.toSet.length > 0) {
    await run(binary('wrangler'), ['secret', 'bulk'], { input: JSON.stringify(toSet) })
  }
  await run(binary('wrangler'), ['deploy'])
}

function refuseToAsk(missing: Secret[]): void {
  if (missing.length === 0 || process.stdin.isTTY) return
  throw new Error(`${missing.join(' and ')} must be set in the environment`)
}

/** Empty for a Worker that was never deployed. */
async function secretsInWorker(): Promise<string[]> {
  const args = ['secret', 'list', '--format', 'json']
  const { code, stdout, stderr } = await capture(binary('wrangler'), args)
  if (code === 0) return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)
  const output = stripVTControlCharacters(stdout + stderr)
  if (/\b10007\b|\b10090\b|Worker ".*" not found/.test(output)) return []
  const said = /\[?ERROR\]?\s*(.+)/.exec(output)?.[1] ?? output.trim()
  throw new Error(`wrangler can't list the Worker's secrets (try npx wrangler login): ${said}`)
}

async function askHidden(name: Secret): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  terminal.once('SIGINT', () => process.exit(130))
  process.stdout.write(`${name} (not shown): `)
  try {
    return (await terminal.question('')).trim()
  } finally {
    terminal.close()
    process.stdout.write('\n')
  }
}

async function run(
  command: string,
  args: string[],
  options: { input?: string } = {},
): Promise<void> {
  const piped = options.input !== undefined
  const child = spawn(command, args, {
    cwd: PROJECT_DIR,
    env: toolEnv(),
    stdio: [piped ? 'pipe' : 'inherit', 'inherit', 'inherit'],
  })
  child.stdin?.end(options.input)
  const code = await exitCode(child)
  if (code !== 0) throw new Error(`${args.join(' ')} failed`)
}

async function capture(
  command: string,
  args: string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(command, args, {
    cwd: PROJECT_DIR,
    env: toolEnv(),
    stdio: ['inherit', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return { code: await exitCode(child), stdout, stderr }
}

async function exitCode(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

try {
  await deploy()
} catch (error) {
  console.error(`Not deployed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
