import { sql } from 'drizzle-orm'
import { accounts, dailySpend, keys, spendLogs } from '../../drizzle/schema.ts'
import type { Entry, WindowSum } from '../ledger/types.ts'
import { picoToDecimal } from '../money.ts'
import type { Db } from './connect.ts'

/** Where a scope's main window stands; written only over an older word on the same scope. */
export interface ScopeSpend {
  readonly scope: string
  readonly window: WindowSum
}

export interface SpendBatch {
  readonly accountId: string
  readonly epoch: number
  readonly seq: number
  readonly entries: readonly Entry[]
  readonly spends: readonly ScopeSpend[]
}

/**
 * One statement: log rows keyed (day, entry, revision), daily sums of the rows that were new, and
 * the scopes' spend under the guard (window, epoch, seq). Sent twice it changes nothing.
 */
export async function writeSpend(db: Db, batch: SpendBatch): Promise<void> {
  const logs = JSON.stringify(batch.entries.map((entry) => logRow(batch.accountId, entry)))
  const spends = JSON.stringify(batch.spends.map(spendRow))
  await db.execute(sql`
    with input as (
      select * from jsonb_populate_recordset(null::${spendLogs}, ${logs}::jsonb)
    ), fresh as (
      insert into ${spendLogs} select * from input order by day, entry_id, revision
      on conflict do nothing returning *
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
    ), account_spend as (
      update ${accounts} set spend = said.spend, spend_window_at = said.window_at,
        spend_epoch = ${batch.epoch}, spend_seq = ${batch.seq}
      from said where said.scope = 'account' and account_id = ${batch.accountId}
        and (spend_window_at, spend_epoch, spend_seq)
          < (said.window_at, ${batch.epoch}::bigint, ${batch.seq}::bigint)
    ), key_spend as (
      update ${keys} set spend = said.spend, spend_window_at = said.window_at,
        spend_epoch = ${batch.epoch}, spend_seq = ${batch.seq}
      from said where token = substr(said.scope, 5) and said.scope like 'key:%'
        and account_id = ${batch.accountId}
        and (spend_window_at, spend_epoch, spend_seq)
          < (said.window_at, ${batch.epoch}::bigint, ${batch.seq}::bigint)
    )
    select count(*) from fresh`)
}

function spendRow({ scope, window }: ScopeSpend) {
  const window_at = new Date(window.startMs).toISOString()
  return { scope, spend: picoToDecimal(window.spentPico), window_at }
}

/** The log row's columns; what has none of its own is in `detail`. */
function logRow(accountId: string, entry: Entry): Record<string, unknown> {
  const endedAt = new Date(entry.endedMs ?? entry.reservedMs).toISOString()
  const { promptTokens, completionTokens, ...detail } = entry.detail
  return {
    day: endedAt.slice(0, 10),
    entry_id: entry.id,
    revision: entry.revision,
    account_id: accountId,
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
