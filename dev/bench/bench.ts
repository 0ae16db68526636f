/** `npm run bench`: what the gateway costs beside a bare Worker, the core alone, rows per request. */
import { measureCore } from './core.ts'
import { measureHttp, PLANS, TEAMS } from './http.ts'
import { readOptions, USAGE_LINE } from './options.ts'
import type { Options } from './options.ts'
import { printed, report, thisMachine, writeReport } from './report.ts'
import type { Measured } from './report.ts'
import { measureRows } from './rows.ts'
import { openStage } from './stage.ts'
import { newTenants } from './tenants.ts'

async function measure({ seconds, rounds }: Options): Promise<Measured> {
  say('counting rows, building, starting …')
  const rowsCounted = measureRows()
  rowsCounted.catch(() => undefined)
  const stage = await openStage()
  try {
    const keys = await newTenants(stage.gateway.url, TEAMS)
    // From here on nothing else of ours may run beside what is measured.
    const rows = await rowsCounted
    say('the core …')
    const core = measureCore(seconds / 2)
    say('the gateway and the bare Worker, in turn …')
    const http = await measureHttp({ stage, keys, plans: PLANS, seconds, rounds })
    return { http, core, rows }
  } finally {
    await stage.close()
  }
}

function say(what: string): void {
  process.stderr.write(`${what}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  const options = readOptions(process.argv.slice(2), process.env)
  const machine = thisMachine()
  const figures = report(options, machine, await measure(options))
  await writeReport(options.jsonPath, figures)
  console.log(printed(figures))
  say(`as JSON: ${options.jsonPath}`)
} catch (error) {
  console.error(`No bench: ${error instanceof Error ? error.message : String(error)}`)
  console.error(USAGE_LINE)
  process.exitCode = 1
}
