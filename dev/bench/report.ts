import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { PROJECT_DIR } from '../project.ts'
import type { CoreFigures } from './core.ts'
import type { LoadFigures, SideFigures } from './http.ts'
import type { Options } from './options.ts'
import type { Rows, RowsFigures } from './rows.ts'

/** Below it one object would not keep up with what could be asked of it. */
const DECISIONS_AIM = 500_000

interface Machine {
  cpus: number
  cpu: string
  platform: string
  node: string
  workerd: string
  /** Of the minute before: above 0, and others were there too. */
  loadBefore: number
}

export interface Report {
  date: string
  machine: Machine
  seconds: number
  rounds: number
  http: LoadFigures[]
  core: CoreFigures
  rows: Rows
}

export interface Measured {
  http: LoadFigures[]
  core: CoreFigures
  rows: Rows
}

/** To be asked before anything runs. */
export function thisMachine(): Machine {
  return {
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    workerd: versionOf('workerd'),
    loadBefore: loadavg()[0] ?? 0,
  }
}

export function report({ seconds, rounds }: Options, machine: Machine, measured: Measured): Report {
  return { date: new Date().toISOString(), machine, seconds, rounds, ...measured }
}

export async function writeReport(path: string, figures: Report): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(figures, undefined, 2)}\n`)
}

/** Markdown, so that it can be pasted where it is read. */
export function printed({ date, machine, http, core, rows, ...times }: Report): string {
  const { cpu, platform, node, workerd } = machine
  return [
    `${date}, ${machine.cpus} cores (${cpu}, ${platform}), Node ${node}, workerd ${workerd}`,
    `${times.rounds} rounds of ${times.seconds} s a side; load, provider and Postgres on the same cores;`,
    `the load average of the minute before was ${machine.loadBefore.toFixed(1)}`,
    '',
    ...table([
      ['load', 'side', 'requests/s', 'p50 ms', 'p99 ms', 'CPU ms/request'],
      ...http.flatMap(({ name, provider, bare, gateway }) => [
        [name, 'provider alone', ...cells(provider)],
        ['', 'bare Worker', ...cells(bare)],
        ['', 'gateway', ...cells(gateway)],
      ]),
    ]),
    '',
    ...table([
      [
        'load',
        'ratio gateway/bare',
        'of each round',
        'added p50 ms',
        'added p99 ms',
        'added CPU ms',
      ],
      ...http.map((load) => [
        load.name,
        load.ratio.toFixed(3),
        load.ratioOfRounds.map((ratio) => ratio.toFixed(3)).join(' '),
        load.addedP50Ms.toFixed(2),
        load.addedP99Ms.toFixed(2),
        load.addedCpuMs?.toFixed(2) ?? '–',
      ]),
    ]),
    '',
    ...table([
      ['the core alone', ''],
      [`decisions/s (aim: ${whole(DECISIONS_AIM)})`, whole(core.decisionsPerSecond)],
      ['decisions/s, best slice', whole(core.bestDecisionsPerSecond)],
      ['reserve + settle, pairs/s', whole(core.pairsPerSecond)],
    ]),
    '',
    ...table([
      ['rows written per request', 'rows', 'alarms'],
      ['100 delivered together', ...rowCells(rows.many)],
      ['alone', ...rowCells(rows.alone)],
    ]),
  ].join('\n')
}

function cells(side: SideFigures): string[] {
  return [
    whole(side.requestsPerSecond),
    side.p50Ms.toFixed(2),
    side.p99Ms.toFixed(2),
    side.cpuMsPerRequest?.toFixed(2) ?? '–',
  ]
}

function rowCells({ rowsPerRequest, alarmsPerRequest }: RowsFigures): string[] {
  return [rowsPerRequest.toFixed(2), alarmsPerRequest.toFixed(2)]
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function table([head = [], ...rows]: string[][]): string[] {
  const widths = head.map((_, at) => Math.max(3, ...[head, ...rows].map((r) => r[at]?.length ?? 0)))
  const line = (row: string[]): string => {
    return `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`
  }
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

function versionOf(name: string): string {
  const path = join(PROJECT_DIR, 'node_modules', name, 'package.json')
  return String((JSON.parse(readFileSync(path, 'utf8')) as { version: unknown }).version)
}
