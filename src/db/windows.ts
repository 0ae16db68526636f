import { lte, sql } from 'drizzle-orm'
import { accounts, keys, teams } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'

const WINDOWS_MAX = 200

export interface EndedWindow {
  readonly kind: 'team' | 'key'
  readonly id: string
  readonly budgetDuration: string | null
  readonly budgetAnchorAt: Date
}

export interface MovedWindow {
  readonly kind: 'team' | 'key'
  readonly id: string
  readonly startMs: number
  readonly endMs: number | null
}

/** Teams and keys whose reset has passed, the longest due first. */
export async function endedWindows(db: Db, nowMs: number): Promise<EndedWindow[]> {
  const due = new Date(nowMs)
  const teamRows = db
    .select({
      id: teams.teamId,
      budgetDuration: teams.budgetDuration,
      budgetAnchorAt: teams.budgetAnchorAt,
    })
    .from(teams)
    .where(lte(teams.budgetResetAt, due))
    .orderBy(teams.budgetResetAt)
    .limit(WINDOWS_MAX)
  const keyRows = db
    .select({
      id: keys.token,
      budgetDuration: keys.budgetDuration,
      budgetAnchorAt: keys.budgetAnchorAt,
    })
    .from(keys)
    .where(lte(keys.budgetResetAt, due))
    .orderBy(keys.budgetResetAt)
    .limit(WINDOWS_MAX)
  const [endedTeams, endedKeys] = await db.batch([teamRows, keyRows])
  return [
    ...endedTeams.map((row) => ({ kind: 'team' as const, ...row })),
    ...endedKeys.map((row) => ({ kind: 'key' as const, ...row })),
  ]
}

/** One statement. What a ledger wrote for the new window, before or after, stays. */
export async function moveWindows(db: Db, moved: readonly MovedWindow[]): Promise<void> {
  const rows = moved.map(({ kind, id, startMs, endMs }) => ({
    kind,
    id,
    start_at: new Date(startMs).toISOString(),
    reset_at: endMs === null ? null : new Date(endMs).toISOString(),
  }))
  await db.execute(sql`
    with moved as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as moved(kind text, id text, start_at timestamptz, reset_at timestamptz)
    ), locked as materialized (
      -- In the order in which everybody takes them: accounts first, then keys.
      select account_id from ${accounts} where account_id in (
        select 'team:' || moved.id from moved where moved.kind = 'team'
        union select ${keys}.account_id from ${keys} join moved on token = moved.id
        where moved.kind = 'key'
      ) order by account_id for update
    ), team_resets as (
      update ${teams} set budget_reset_at = moved.reset_at from moved
      where moved.kind = 'team' and team_id = moved.id
        and (select count(*) from locked) >= 0
    ), account_spends as (
      update ${accounts} set spend = 0, spend_window_at = moved.start_at, spend_epoch = 0, spend_seq = 0
      from moved
      where moved.kind = 'team' and account_id = 'team:' || moved.id
        and spend_window_at < moved.start_at and (select count(*) from locked) >= 0
    ), key_resets as (
      update ${keys} set budget_reset_at = moved.reset_at,
        spend = case when spend_window_at < moved.start_at then 0 else spend end,
        spend_epoch = case when spend_window_at < moved.start_at then 0 else spend_epoch end,
        spend_seq = case when spend_window_at < moved.start_at then 0 else spend_seq end,
        spend_window_at = greatest(spend_window_at, moved.start_at)
      from moved where moved.kind = 'key' and token = moved.id
        and (select count(*) from locked) >= 0
    )
    select 1`)
}
