import { type SQL, sql } from 'drizzle-orm'
import {
  accounts,
  dailyCustomers,
  dailySpend,
  keys,
  memberships,
  spendLogs,
  windowSpends,
} from '../../drizzle/schema.ts'
import { MAIN, partsOf } from '../ledger/scopes.ts'
import type { Charged, Entry } from '../ledger/store.ts'
import type { EntryDetail, OpeningSpend } from '../ledger/types.ts'
import { picoToDecimal } from '../money.ts'
import type { Db } from './connect.ts'

/** Where a budget's window stands; written only over an older word on the same budget. */
export type ScopeSpend = OpeningSpend

export interface SpendBatch {
  readonly accountId: string
  /** Of the account, when it was this ledger's: a later one's spend is not ours to write. */
  readonly generation: number
  readonly epoch: number
  readonly seq: number
  readonly entries: readonly Entry[]
  /** One of each budget. */
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
 * One statement: log rows keyed (day, entry, revision), daily sums of the rows that were new, of
 * their customers too, and the scopes' spend under the guard (window, epoch, seq). Sent twice it changes nothing.
 */
export async function writeSpend(db: Db, batch: SpendBatch): Promise<void> {
  const logs = JSON.stringify(batch.entries.map((entry) => logRow(batch, entry)))
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
      -- What an admin changes, or is carried over, is nobody's use.
      from fresh where state <> 'adjusted'
      group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
      on conflict (day, account_id, key_hash, user_id, model_group, model, provider) do update set
        spend_pico = daily.spend_pico + excluded.spend_pico,
        requests = daily.requests + excluded.requests,
        successful_requests = daily.successful_requests + excluded.successful_requests,
        failed_requests = daily.failed_requests + excluded.failed_requests,
        prompt_tokens = daily.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = daily.completion_tokens + excluded.completion_tokens
    ), customers as (
      insert into ${dailyCustomers} as customer (end_user, day, account_id, spend_pico, requests)
      select end_user, day, account_id, sum(spend_pico), count(*) filter (where revision = 0)
      from fresh where state <> 'adjusted' and end_user <> ''
      group by 1, 2, 3 order by 1, 2, 3
      on conflict (end_user, day, account_id) do update set
        spend_pico = customer.spend_pico + excluded.spend_pico,
        requests = customer.requests + excluded.requests
    ), ${standing(batch)}
    select count(*) from fresh`)
}

/** The part that says where budgets stand, each on the row that it belongs to. */
function standing({ accountId, generation, epoch, seq, spends }: SpendBatch): SQL {
  const teamId = teamIdOf(accountId)
  const rows = JSON.stringify(spends.map((spend) => spendRow(spend, teamId)))
  const said = sql`(said.window_at, ${epoch}::bigint, ${seq}::bigint)`
  const isNewer = sql`(spend_window_at, spend_epoch, spend_seq) < ${said}`
  const sets = sql`spend = said.spend, spend_window_at = said.window_at,
    spend_window_end_at = said.end_at, spend_epoch = ${epoch}, spend_seq = ${seq}`
  return sql`said as (
      select * from jsonb_to_recordset(${rows}::jsonb) as said(home text, id text, scope text,
        budget text, spend numeric, window_at timestamptz, end_at timestamptz)
    ), locked as materialized (
      -- Always the account before what belongs to it: whoever changes both takes this order.
      select account_id from ${accounts}
      where account_id = ${accountId} and generation = ${generation} for update
    ), locked_keys as materialized (
      select token from ${keys} where account_id in (select account_id from locked)
        and token in (select id from said where home = 'key') order by token for update
    ), locked_members as materialized (
      select user_id from ${memberships} where team_id = ${teamId} and exists (select from locked)
        and user_id in (select id from said where home = 'member')
        and (select count(*) from locked_keys) >= 0 order by user_id for update
    ), account_spend as (
      update ${accounts} set ${sets} from said, locked
      where said.home = 'account' and ${accounts}.account_id = locked.account_id and ${isNewer}
    ), key_spend as (
      update ${keys} set ${sets} from said, locked_keys
      where said.home = 'key' and said.id = locked_keys.token
        and ${keys}.token = locked_keys.token and ${isNewer}
    ), member_spend as (
      update ${memberships} set ${sets} from said, locked_members
      where said.home = 'member' and said.id = locked_members.user_id
        and ${memberships}.user_id = locked_members.user_id and team_id = ${teamId} and ${isNewer}
    ), window_spend as (
      insert into ${windowSpends} as known (account_id, generation, scope, budget, spend,
        spend_window_at, spend_window_end_at, spend_epoch, spend_seq)
      select account_id, ${generation}::int, scope, budget, spend, window_at, end_at,
        ${epoch}::bigint, ${seq}::bigint
      from said, locked
      -- Who has a key of the team without being in it has no row to write on.
      where (home = 'window' or (home = 'member' and id not in (select user_id from locked_members)))
        and (select count(*) from locked_members) >= 0 order by scope, budget
      on conflict (account_id, generation, scope, budget) do update set spend = excluded.spend,
        spend_window_at = excluded.spend_window_at,
        spend_window_end_at = excluded.spend_window_end_at,
        spend_epoch = excluded.spend_epoch, spend_seq = excluded.spend_seq
      where (known.spend_window_at, known.spend_epoch, known.spend_seq)
        < (excluded.spend_window_at, excluded.spend_epoch, excluded.spend_seq)
    )`
}

/** Empty if it is no team's: no team has this id. */
function teamIdOf(accountId: string): string {
  return accountId.startsWith('team:') ? accountId.slice('team:'.length) : ''
}

function spendRow(spend: ScopeSpend, teamId: string) {
  const { scope, budget, startMs, endMs = null, spentPico } = spend
  const { kind, id, model } = partsOf(scope)
  const hasRow = budget === 'main' && model === null && (kind !== 'member' || teamId !== '')
  return {
    home: hasRow ? kind : 'window',
    id,
    scope,
    budget,
    spend: picoToDecimal(spentPico),
    window_at: new Date(startMs).toISOString(),
    end_at: endMs === null ? null : new Date(endMs).toISOString(),
  }
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
  const isAdjusted = entry.state === 'adjusted'
  const detail = { ...mapValues(rest, clean), ...(isAdjusted && adjustment(entry)) }
  // A change of another scope's or window's spend only moves no money of the account.
  const counts = !isAdjusted || entry.charged.some(isMainOfAccount)
  return {
    day: endedAt.slice(0, 10),
    entry_id: entry.id,
    revision: entry.revision,
    account_id: accountId,
    generation,
    state: entry.state,
    started_at: new Date(entry.reservedMs).toISOString(),
    ended_at: endedAt,
    spend_pico: counts ? String(entry.chargePico) : '0',
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

function isMainOfAccount([scope, budget]: Charged): boolean {
  return scope === 'account' && budget === MAIN.id
}

/** What was changed otherwise than by a call, and of which scope. */
function adjustment({ chargePico, charged }: Entry): EntryDetail {
  return { adjusted_usd: picoToDecimal(chargePico), scope: charged[0]?.[0] ?? null }
}
