import { sql } from 'drizzle-orm'
import { accounts, dailySpend, keys, spendLogs } from '../../drizzle/schema.ts'
import type { Entry, EntryDetail, WindowSum } from '../ledger/types.ts'
import { picoToDecimal } from '../money.ts'
import type { Db } from './connect.ts'

/** Where a scope's main window stands; written only over an older word on the same scope. */
export interface ScopeSpend {
  readonly scope: string
  readonly window: WindowSum
}

export interface SpendBatch {
  readonly accountId: string
  /** Of the account, when it was this ledger's: a later one's spend is not ours to write. */
  readonly generation: number
  readonly epoch: number
  readonly seq: number
  readonly entries: readonly Entry[]
  readonly spends: readonly ScopeSpend[]
}

/** Named, so that a later column keeps its default when an older Worker writes. */
const LOG_COLUMNS = [
  'day',
  'entry_id',
  'revision',
  'account_id',
  'generation',
  'state',
  'started_at',
  'ended_at',
  'spend_pico',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'key_hash',
  'team_id',
  'user_id',
  'end_user',
  'call_type',
  'model_group',
  'model',
  'model_id',
  'provider',
  'call_id',
  'response_id',
  'status',
  'usage_source',
  'detail',
] as const

/**
 * One statement: log rows keyed (day, entry, revision), daily sums of the rows that were new, and
 * the scopes' spend under the guard (window, epoch, seq). Sent twice it changes nothing.
 */
export async function writeSpend(db: Db, batch: SpendBatch): Promise<void> {
  const logs = JSON.stringify(batch.entries.map((entry) => logRow(batch, entry)))
  const spends = JSON.stringify(batch.spends.map(spendRow))
  const columns = sql.raw(LOG_COLUMNS.join(', '))
  await db.execute(sql`
    with input as (
      select * from jsonb_populate_recordset(null::${spendLogs}, ${logs}::jsonb)
    ), fresh as (
      insert into ${spendLogs} (${columns}) select ${columns} from input
      order by day, entry_id, revision on conflict do nothing returning *
    ), daily as (
      insert into ${dailySpend} as daily (day, account_id, key_hash, user_id, model_group, model,
        provider, spend_pico, requests, successful_requests, failed_requests, prompt_tokens,
        completion_tokens)
      select day, account_id, coalesce(key_hash, ''), coalesce(user_id, ''),
        coalesce(model_group, ''), coalesce(model, ''), coalesce(provider, ''), sum(spend_pico),
        count(*) filter (where revision = 0),
        count(*) filter (where revision = 0 and status = 'success'),
        count(*) filter (where revision = 0 and status is distinct from 'success'),
        sum(prompt_tokens), sum(completion_tokens)
      from fresh group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
      on conflict (day, account_id, key_hash, user_id, model_group, model, provider) do update set
        spend_pico = daily.spend_pico + excluded.spend_pico,
        requests = daily.requests + excluded.requests,
        successful_requests = daily.successful_requests + excluded.successful_requests,
        failed_requests = daily.failed_requests + excluded.failed_requests,
        prompt_tokens = daily.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = daily.completion_tokens + excluded.completion_tokens
    ), said as (
      select * from jsonb_to_recordset(${spends}::jsonb)
        as said(scope text, spend numeric, window_at timestamptz)
    ), locked as materialized (
      -- Always the account before its keys: whoever changes both takes them in this order.
      select account_id from ${accounts}
      where account_id = ${batch.accountId} and generation = ${batch.generation} for update
    ), account_spend as (
      update ${accounts} set spend = said.spend, spend_window_at = said.window_at,
        spend_epoch = ${batch.epoch}, spend_seq = ${batch.seq}
      from said, locked
      where said.scope = 'account' and ${accounts}.account_id = locked.account_id
        and (spend_window_at, spend_epoch, spend_seq)
          < (said.window_at, ${batch.epoch}::bigint, ${batch.seq}::bigint)
    ), key_spend as (
      update ${keys} set spend = said.spend, spend_window_at = said.window_at,
        spend_epoch = ${batch.epoch}, spend_seq = ${batch.seq}
      from said, locked
      where said.scope like 'key:%' and token = substr(said.scope, 5)
        and ${keys}.account_id = locked.account_id
        and (spend_window_at, spend_epoch, spend_seq)
          < (said.window_at, ${batch.epoch}::bigint, ${batch.seq}::bigint)
    )
    select count(*) from fresh`)
}

function spendRow({ scope, window }: ScopeSpend) {
  const window_at = new Date(window.startMs).toISOString()
  return { scope, spend: picoToDecimal(window.spentPico), window_at }
}

const TEXT_MAX_LENGTH = 256

/** What Postgres can store and index: clients and providers choose some of these texts. */
function clean(value: EntryDetail[string]): EntryDetail[string] {
  if (typeof value !== 'string') return value
  return value
    .slice(0, TEXT_MAX_LENGTH)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '')
}

function mapValues(
  detail: EntryDetail,
  change: (value: EntryDetail[string]) => EntryDetail[string],
): EntryDetail {
  return Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, change(value)]))
}

/** The log row's columns; what has none of its own is in `detail`. */
function logRow(
  { accountId, generation }: SpendBatch,
  entry: Entry,
): Record<(typeof LOG_COLUMNS)[number], unknown> {
  const endedAt = new Date(entry.endedMs ?? entry.reservedMs).toISOString()
  const { promptTokens, completionTokens, ...rest } = entry.detail
  const detail = mapValues(rest, clean)
  return {
    day: endedAt.slice(0, 10),
    entry_id: entry.id,
    revision: entry.revision,
    account_id: accountId,
    generation,
    state: entry.state,
    started_at: new Date(entry.reservedMs).toISOString(),
    ended_at: endedAt,
    spend_pico: String(entry.chargePico),
    prompt_tokens: promptTokens ?? 0,
    completion_tokens: completionTokens ?? 0,
    total_tokens: entry.tokens,
    key_hash: detail['keyHash'] ?? null,
    team_id: detail['teamId'] ?? null,
    user_id: detail['userId'] ?? null,
    end_user: detail['endUser'] ?? null,
    call_type: detail['callType'] ?? null,
    model_group: detail['modelGroup'] ?? null,
    model: detail['model'] ?? null,
    model_id: detail['modelId'] ?? null,
    provider: detail['provider'] ?? null,
    call_id: detail['callId'] ?? null,
    response_id: detail['responseId'] ?? null,
    status: detail['status'] ?? null,
    usage_source: detail['usageSource'] ?? null,
    detail,
  }
}
