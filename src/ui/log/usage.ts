import { parsePico } from '../../money.ts'
import type { Api } from '../api.ts'
import { exact } from '../parts/amounts.tsx'
import type { Cell } from './csv.ts'

const PAGE_SIZE = '1000'

export const USAGE_COLUMNS = [
  'day',
  'model',
  'team_id',
  'key_alias',
  'key',
  'requests',
  'successful',
  'failed',
  'prompt_tokens',
  'completion_tokens',
  'spend_usd',
] as const

interface Metrics {
  readonly api_requests: number
  readonly successful_requests: number
  readonly failed_requests: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly spend: number
}

interface Key {
  readonly metrics: Metrics
  readonly metadata: { readonly key_alias: string | null; readonly team_id: string | null }
}

interface Day {
  readonly date: string
  readonly metrics: Metrics
  readonly breakdown: {
    readonly models: Readonly<
      Record<string, { readonly metrics: Metrics; readonly api_key_breakdown: Record<string, Key> }>
    >
  }
}

interface Activity {
  readonly results: readonly Day[]
  readonly metadata: { readonly has_more: boolean }
}

interface Asked {
  readonly team_ids?: string | undefined
  readonly api_key?: string | undefined
  readonly user_id?: string | undefined
  readonly model?: string | undefined
  readonly start_date: string
  readonly end_date: string
}

/** What was used by day, model and key, a page of the API at a time. Throws an ApiProblem. */
export async function* usageRows(api: Api, asked: Asked) {
  const path = asked.team_ids ? '/team/daily/activity' : '/user/daily/activity'
  for (let page = 1; ; page++) {
    const { results, metadata } = await api.get<Activity>(path, {
      ...asked,
      page: String(page),
      page_size: PAGE_SIZE,
    })
    yield results.flatMap(rowsOf)
    if (!metadata.has_more) return
  }
}

/** Calls without a key, or without a model, are the rest of those that have one: sums stay whole. */
function rowsOf({ date, metrics, breakdown }: Day): Cell[][] {
  const models = Object.entries(breakdown.models)
  const named = models.flatMap(([model, { metrics: all, api_key_breakdown: keys }]) => {
    const own = Object.entries(keys).map(([hash, { metrics: theirs, metadata }]) => {
      const { team_id: teamId, key_alias: alias } = metadata
      return [date, model, teamId ?? '', alias ?? '', hash, ...numbers(theirs)]
    })
    const rest = restOf(
      all,
      Object.values(keys).map((key) => key.metrics),
    )
    return [...own, ...(rest ? [[date, model, '', '', '', ...numbers(rest)]] : [])]
  })
  const rest = restOf(
    metrics,
    models.map(([, model]) => model.metrics),
  )
  return [...named, ...(rest ? [[date, '', '', '', '', ...numbers(rest)]] : [])]
}

/** Null: nothing is left. */
function restOf(all: Metrics, parts: readonly Metrics[]): Metrics | null {
  const left = (name: keyof Metrics) => parts.reduce((rest, part) => rest - part[name], all[name])
  const pico = parts.reduce((rest, { spend }) => rest - parsePico(spend), parsePico(all.spend))
  const rest = {
    api_requests: left('api_requests'),
    successful_requests: left('successful_requests'),
    failed_requests: left('failed_requests'),
    prompt_tokens: left('prompt_tokens'),
    completion_tokens: left('completion_tokens'),
    spend: Number(pico) / 1e12,
  }
  return rest.api_requests === 0 && pico === 0n ? null : rest
}

function numbers(metrics: Metrics): Cell[] {
  return [
    metrics.api_requests,
    metrics.successful_requests,
    metrics.failed_requests,
    metrics.prompt_tokens,
    metrics.completion_tokens,
    exact(metrics.spend),
  ]
}
