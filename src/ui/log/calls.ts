import type { Api } from '../api.ts'
import { exact } from '../parts/amounts.tsx'
import type { Cell } from './csv.ts'
import { aliasOf, type LogRow } from './rows.ts'

const PAGE_SIZE = '1000'

export const CALL_COLUMNS = [
  'request_id',
  'started',
  'ended',
  'duration_ms',
  'status',
  'call_type',
  'model_group',
  'model',
  'provider',
  'team_id',
  'team_alias',
  'key',
  'key_alias',
  'user_id',
  'end_user',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'spend_usd',
] as const

/** As the form of the page has it, its times in UTC. */
export interface Asked {
  readonly team_id?: string
  readonly api_key?: string
  readonly user_id?: string
  readonly model?: string
  readonly request_id?: string
  readonly status_filter?: string
  readonly start_date: string
  readonly end_date: string
}

/**
 * The calls that fit, the latest first, however many: by the API's cursor, which takes whole days
 * and knows neither models nor states. Throws an ApiProblem.
 */
export async function* callRows(api: Api, asked: Asked) {
  const { model, status_filter: status, ...named } = asked
  const [start, end] = [dayOfTime(asked.start_date), dayOfTime(asked.end_date)]
  const query = { ...named, start_date: start, end_date: end, summarize: 'false', limit: PAGE_SIZE }
  const [fromMs, untilMs] = [Date.parse(asked.start_date), Date.parse(asked.end_date) + 1_000]
  const fits = (row: LogRow) => {
    const endedMs = Date.parse(row.endTime)
    return (
      endedMs >= fromMs &&
      endedMs < untilMs &&
      (!model || row.model === model || row.model_group === model) &&
      (!status || row.status === status)
    )
  }
  for (let cursor: string | null = ''; cursor !== null;) {
    const list: Listed = await api.list<readonly LogRow[]>('/spend/logs', { ...query, cursor })
    yield list.answer.filter(fits).map(cellsOf)
    cursor = list.next
  }
}

type Listed = Awaited<ReturnType<typeof Api.prototype.list<readonly LogRow[]>>>

/** What is no time stays as it is: the API refuses it. */
const dayOfTime = (text: string) => {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? text : new Date(ms).toISOString().slice(0, 10)
}

function cellsOf(row: LogRow): Cell[] {
  return [
    row.request_id,
    row.startTime,
    row.endTime,
    row.request_duration_ms,
    row.status,
    row.call_type,
    row.model_group,
    row.model,
    row.custom_llm_provider,
    row.team_id ?? '',
    aliasOf(row, 'team'),
    row.api_key,
    aliasOf(row, 'key'),
    row.user,
    row.end_user,
    row.prompt_tokens,
    row.completion_tokens,
    row.total_tokens,
    exact(row.spend),
  ]
}
