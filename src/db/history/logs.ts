import { and, type SQL, sql } from 'drizzle-orm'
import { spendLogs } from '../../../drizzle/schema.ts'
import type { EntryDetail } from '../../ledger/types.ts'
import type { Pico } from '../../money.ts'
import type { Db } from '../connect.ts'

/** Where a list goes on: after the call that ended then and is called so. */
export interface Cursor {
  readonly endedMs: number
  readonly entryId: string
}

/** What indexes find. */
interface Indexed {
  /** Our id, the client's, or the provider's. */
  readonly requestId?: string | undefined
  readonly keyHash?: string | undefined
  readonly userId?: string | undefined
  readonly teamId?: string | undefined
  readonly fromMs?: number | undefined
  readonly untilMs?: number | undefined
  readonly after?: Cursor | undefined
}

export interface LogFilter extends Indexed {
  readonly endUser?: string | undefined
  readonly model?: string | undefined
  readonly status?: 'success' | 'failure' | undefined
  readonly minPico?: Pico | undefined
  readonly maxPico?: Pico | undefined
}

interface Page {
  readonly limit: number
  readonly offset: number
  /** How many rows that indexes find are looked at, the newest ones. */
  readonly lookedMax: number
}

/** A call with all of its corrections. */
export interface LogRow extends Cursor {
  readonly startedMs: number
  readonly pico: Pico
  readonly promptTokens: number
  readonly completionTokens: number
  readonly totalTokens: number
  readonly accountId: string
  readonly keyHash: string | null
  readonly teamId: string | null
  readonly userId: string | null
  readonly endUser: string | null
  readonly callType: string | null
  readonly modelGroup: string | null
  readonly model: string | null
  readonly modelId: string | null
  readonly provider: string | null
  readonly callId: string | null
  readonly responseId: string | null
  readonly status: string | null
  readonly usageSource: string | null
  readonly detail: EntryDetail
}

export interface Found {
  readonly rows: readonly LogRow[]
  /** Of what was looked at. */
  readonly total: number
  /** The last row that was looked at, if there are more. */
  readonly cut: Cursor | null
}

/**
 * Calls, the latest first; what an admin adjusted is none. A correction lies in rows of its own,
 * which are added up here. At most `lookedMax` rows are read, whatever the filter.
 */
export async function searchLogs(db: Db, filter: LogFilter, page: Page): Promise<Found> {
  const { rows } = await db.execute(sql`
    with looked as materialized (
      select day, entry_id, ended_at, spend_pico, status, end_user, model, model_group
      from ${spendLogs} where revision = 0 and state <> 'adjusted' and ${isIndexed(filter)}
      order by ended_at desc, entry_id desc limit ${page.lookedMax + 1}
    ), cut as (
      select ended_at, entry_id from looked
      order by ended_at desc, entry_id desc offset ${page.lookedMax - 1} limit 1
    ), found as materialized (
      select looked.day, looked.entry_id, looked.ended_at
      from (select * from looked order by ended_at desc, entry_id desc
        limit ${page.lookedMax}) as looked
        ${needsFixes(filter) ? fixes(sql`looked`) : sql``} where ${isWanted(filter)}
    ), page as (
      select * from found order by ended_at desc, entry_id desc
      limit ${page.limit} offset ${page.offset}
    )
    select known.total, known.looked, cut.entry_id as cut_id, ${epochMs(sql`cut.ended_at`)} as cut_ms,
      shown.*
    from (select (select count(*) from found) as total, (select count(*) from looked) as looked)
      as known
    left join cut on true
    left join (
      select log.*, ${epochMs(sql`log.started_at`)} as started_ms, ${epochMs(sql`log.ended_at`)} as ended_ms,
        log.spend_pico + coalesce(fix.pico, 0) as sum_pico,
        log.total_tokens + coalesce(fix.tokens, 0) as sum_tokens,
        fix.said
      from page join ${spendLogs} as log
        on log.day = page.day and log.entry_id = page.entry_id and log.revision = 0
      ${fixes(sql`log`)}
    ) as shown on true
    order by shown.ended_at desc, shown.entry_id desc`)
  const [first] = rows
  const isCut = Number(first?.['looked'] ?? 0) > page.lookedMax
  return {
    rows: rows.filter((row) => row['entry_id'] !== null).map(logRow),
    total: Number(first?.['total'] ?? 0),
    cut: isCut ? { endedMs: Number(first?.['cut_ms']), entryId: String(first?.['cut_id']) } : null,
  }
}

/** What corrections of a call come to, and the last one of them as it is. */
function fixes(call: SQL): SQL {
  return sql`left join lateral (
    select sum(later.spend_pico) as pico, sum(later.total_tokens) as tokens,
      (array_agg(to_jsonb(later) order by later.revision desc))[1] as said
    from ${spendLogs} as later
    where later.entry_id = ${call}.entry_id and later.revision > 0
  ) as fix on true`
}

function epochMs(column: SQL): SQL {
  return sql`(extract(epoch from ${column}) * 1000)::bigint::text`
}

function isIndexed(filter: Indexed): SQL {
  const { requestId, keyHash, userId, teamId, fromMs, untilMs, after } = filter
  return all(
    requestId !== undefined &&
      sql`(entry_id = ${requestId} or call_id = ${requestId} or response_id = ${requestId})`,
    keyHash !== undefined && sql`key_hash = ${keyHash}`,
    userId !== undefined && sql`user_id = ${userId}`,
    teamId !== undefined && sql`account_id = ${`team:${teamId}`}`,
    fromMs !== undefined && sql`ended_at >= ${at(fromMs)}`,
    untilMs !== undefined && sql`ended_at < ${at(untilMs)}`,
    after && sql`(ended_at, entry_id) < (${at(after.endedMs)}, ${after.entryId})`,
  )
}

function isWanted({ endUser, model, status, minPico, maxPico }: LogFilter): SQL {
  const spend = sql`looked.spend_pico + coalesce(fix.pico, 0)`
  const isSuccess = sql`coalesce(fix.said ->> 'status', looked.status, '') = 'success'`
  return all(
    endUser !== undefined && sql`looked.end_user = ${endUser}`,
    model !== undefined && sql`${model} in (looked.model, looked.model_group)`,
    status === 'success' && isSuccess,
    status === 'failure' && sql`not ${isSuccess}`,
    minPico !== undefined && sql`${spend} >= ${String(minPico)}::numeric`,
    maxPico !== undefined && sql`${spend} <= ${String(maxPico)}::numeric`,
  )
}

function needsFixes({ status, minPico, maxPico }: LogFilter): boolean {
  return status !== undefined || minPico !== undefined || maxPico !== undefined
}

function all(...conditions: readonly (SQL | false | undefined)[]): SQL {
  return and(...conditions.map((condition) => condition || undefined)) ?? sql`true`
}

function at(ms: number): SQL {
  return sql`${new Date(ms).toISOString()}::timestamptz`
}

type Raw = Readonly<Record<string, unknown>>

/** The row as its last correction left it. */
function logRow(row: Raw): LogRow {
  const said = (row['said'] ?? {}) as Raw
  const now = (name: string) => said[name] ?? row[name]
  const text = (name: string) => (now(name) ?? null) as string | null
  return {
    entryId: String(row['entry_id']),
    startedMs: Number(row['started_ms']),
    endedMs: Number(row['ended_ms']),
    pico: BigInt(String(row['sum_pico'])),
    promptTokens: Number(now('prompt_tokens')),
    completionTokens: Number(now('completion_tokens')),
    totalTokens: Number(row['sum_tokens']),
    accountId: String(row['account_id']),
    keyHash: text('key_hash'),
    teamId: text('team_id'),
    userId: text('user_id'),
    endUser: text('end_user'),
    callType: text('call_type'),
    modelGroup: text('model_group'),
    model: text('model'),
    modelId: text('model_id'),
    provider: text('provider'),
    callId: text('call_id'),
    responseId: text('response_id'),
    status: text('status'),
    usageSource: text('usage_source'),
    detail: now('detail') as EntryDetail,
  }
}
