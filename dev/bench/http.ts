/** The gateway beside a bare Worker: the same load on each, warm, in turn. */
import { cpuMsOf } from './cpu.ts'
import { quantile } from './figures.ts'
import { shoot } from './load.ts'
import type { Load, Shot } from './load.ts'
import type { Stage } from './stage.ts'
import { requestBytes } from './workload.ts'

export const TEAMS = 100
const CONNECTIONS = 32
const WARM_UP_S = 1
/** The gateway's code is compiled further for some seconds. */
const FIRST_WARM_UP_S = 4

export interface Plan {
  name: string
  connections: number
  teams: number
  stream: boolean
}

export const PLANS: readonly Plan[] = [
  { name: 'one team', connections: CONNECTIONS, teams: 1, stream: false },
  { name: '100 teams', connections: CONNECTIONS, teams: TEAMS, stream: false },
  { name: 'streaming', connections: CONNECTIONS, teams: TEAMS, stream: true },
  // Nobody queues here: what the gateway adds to a call, and not to a crowd.
  { name: 'one at a time', connections: 1, teams: 1, stream: false },
]

export interface SideFigures {
  answers: number
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** What its workerd used; null where the system does not tell. */
  cpuMsPerRequest: number | null
  /** Requests a second in each round. */
  rounds: number[]
}

export interface LoadFigures extends Plan {
  /** Asked directly: far above both sides, or it would be what is measured. */
  provider: SideFigures
  bare: SideFigures
  gateway: SideFigures
  /** Requests a second, gateway / bare. */
  ratio: number
  ratioOfRounds: number[]
  addedP50Ms: number
  addedP99Ms: number
  /** Waiting is not in it, so it moves less while others use the machine. */
  addedCpuMs: number | null
}

interface Round extends Shot {
  cpuMs: number | null
}

type Shoot = (seconds: number) => Promise<Round>

export interface MeasureHttp {
  stage: Stage
  keys: readonly string[]
  plans: readonly Plan[]
  seconds: number
  rounds: number
}

/** Throws if the gateway charged anything else than what it answered. */
export async function measureHttp(what: MeasureHttp): Promise<LoadFigures[]> {
  const { stage, keys, plans, ...times } = what
  // Opening the ledgers was a call each.
  let answers = keys.length
  await stage.books.agreeOn(answers)
  const figures: LoadFigures[] = []
  for (const plan of plans) {
    const requests = keys.slice(0, plan.teams).map((key) => requestBytes(key, plan.stream))
    const ending = plan.stream ? 'data: [DONE]' : '"usage"'
    const load = { requests, ending, connections: plan.connections }
    const shootGateway = sideOf(stage.gateway, load)
    const provider: Shoot = async (seconds) => {
      return { ...(await shoot({ ...load, port: stage.providerPort, seconds })), cpuMs: null }
    }
    const gateway: Shoot = async (seconds) => {
      const round = await shootGateway(seconds)
      answers += round.answers
      await stage.books.agreeOn(answers)
      return round
    }
    const sides = { provider, bare: sideOf(stage.bare, load), gateway }
    if (figures.length === 0) await gateway(Math.min(FIRST_WARM_UP_S, 2 * times.seconds))
    figures.push({ ...plan, ...(await measure(sides, times)) })
  }
  return figures
}

function sideOf(
  worker: { readonly url: string; readonly pid: number },
  load: Omit<Load, 'port' | 'seconds'>,
): Shoot {
  const port = Number(new URL(worker.url).port)
  return async (seconds) => {
    const beforeMs = cpuMsOf(worker.pid)
    const shot = await shoot({ ...load, port, seconds })
    const afterMs = cpuMsOf(worker.pid)
    return { ...shot, cpuMs: beforeMs === null || afterMs === null ? null : afterMs - beforeMs }
  }
}

async function measure(
  sides: Record<'provider' | 'bare' | 'gateway', Shoot>,
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<Omit<LoadFigures, keyof Plan>> {
  const warmUpS = Math.min(WARM_UP_S, seconds)
  await sides.bare(warmUpS)
  await sides.gateway(warmUpS)
  const provider = [await sides.provider(warmUpS)]
  const [bareRounds, gatewayRounds]: [Round[], Round[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    bareRounds.push(await sides.bare(seconds))
    gatewayRounds.push(await sides.gateway(seconds))
  }
  const [bare, gateway] = [sum(bareRounds), sum(gatewayRounds)]
  return {
    provider: sum(provider),
    bare,
    gateway,
    ratio: gateway.requestsPerSecond / bare.requestsPerSecond,
    ratioOfRounds: gateway.rounds.map((rate, round) => rate / (bare.rounds[round] ?? Number.NaN)),
    addedP50Ms: gateway.p50Ms - bare.p50Ms,
    addedP99Ms: gateway.p99Ms - bare.p99Ms,
    addedCpuMs:
      gateway.cpuMsPerRequest === null || bare.cpuMsPerRequest === null
        ? null
        : gateway.cpuMsPerRequest - bare.cpuMsPerRequest,
  }
}

function sum(rounds: readonly Round[]): SideFigures {
  const latenciesMs = rounds.flatMap((round) => round.latenciesMs)
  const answers = latenciesMs.length
  const ms = rounds.reduce((total, round) => total + round.ms, 0)
  const cpuMs = rounds.reduce<number | null>((total, round) => {
    return total === null || round.cpuMs === null ? null : total + round.cpuMs
  }, 0)
  return {
    answers,
    requestsPerSecond: (answers / ms) * 1_000,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuMsPerRequest: cpuMs === null ? null : cpuMs / answers,
    rounds: rounds.map((round) => (round.answers / round.ms) * 1_000),
  }
}
