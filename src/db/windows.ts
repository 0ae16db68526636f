import { eq, lte, sql } from 'drizzle-orm'
import {
  accounts,
  budgets,
  keys,
  memberships,
  spendLogs,
  teams,
  users,
} from '../../drizzle/schema.ts'
import { entryId } from '../ids.ts'
import { type Pico, picoToDecimal } from '../money.ts'
import type { Alignment, Window } from '../windows.ts'
import type { Db } from './connect.ts'

const WINDOWS_MAX = 200

/** A row whose reset has passed, with the window that its spend was last written for. */
export interface EndedWindow {
  readonly kind: 'team' | 'user' | 'key' | 'member' | 'budget'
  readonly id: string
  /** Of a member. */
  readonly teamId: string | null
  readonly budgetDuration: string | null
  readonly budgetAnchorAt: Date
  readonly budgetResetAlignment: Alignment | null
  readonly maxBudget: string | null
  /** Null: it has no spend. */
  readonly spendWindowAt: Date | null
  readonly spendWindowEndAt: Date | null
  readonly spend: string | null
}

export interface MovedWindow extends EndedWindow {
  readonly window: Window
  /** What counts as spent in it. */
  readonly spentPico: Pico
}

type Limited = typeof teams | typeof users | typeof keys | typeof memberships | typeof budgets
type Spent = typeof accounts | typeof keys | typeof memberships

/** The longest due first. */
export async function endedWindows(db: Db, nowMs: number): Promise<EndedWindow[]> {
  const isDue = (table: Limited) => lte(table.budgetResetAt, new Date(nowMs))
  const ofTeams = db
    .select({ id: teams.teamId, teamId: sql<null>`null`, ...ruleOf(teams), ...spentOf(accounts) })
    .from(teams)
    .leftJoin(accounts, eq(accounts.accountId, sql`'team:' || ${teams.teamId}`))
    .where(isDue(teams))
    .orderBy(teams.budgetResetAt)
    .limit(WINDOWS_MAX)
  const ofUsers = db
    .select({ id: users.userId, teamId: sql<null>`null`, ...ruleOf(users), ...spentOf(accounts) })
    .from(users)
    .leftJoin(accounts, eq(accounts.accountId, sql`'user:' || ${users.userId}`))
    .where(isDue(users))
    .orderBy(users.budgetResetAt)
    .limit(WINDOWS_MAX)
  const ofKeys = db
    .select({ id: keys.token, teamId: sql<null>`null`, ...ruleOf(keys), ...spentOf(keys) })
    .from(keys)
    .where(isDue(keys))
    .orderBy(keys.budgetResetAt)
    .limit(WINDOWS_MAX)
  const { userId: id, teamId } = memberships
  const ofMembers = db
    .select({ id, teamId, ...ruleOf(memberships), ...spentOf(memberships) })
    .from(memberships)
    .where(isDue(memberships))
    .orderBy(memberships.budgetResetAt)
    .limit(WINDOWS_MAX)
  const ofBudgets = db
    .select({ id: budgets.budgetId, ...ruleOf(budgets) })
    .from(budgets)
    .where(isDue(budgets))
    .orderBy(budgets.budgetResetAt)
    .limit(WINDOWS_MAX)
  const found = await db.batch([ofTeams, ofUsers, ofKeys, ofMembers, ofBudgets])
  const [teamRows, userRows, keyRows, memberRows, budgetRows] = found
  const none = { teamId: null, spend: null, spendWindowAt: null, spendWindowEndAt: null }
  return [
    ...teamRows.map((row) => ({ kind: 'team' as const, ...row })),
    ...userRows.map((row) => ({ kind: 'user' as const, ...row })),
    ...keyRows.map((row) => ({ kind: 'key' as const, ...row })),
    ...memberRows.map((row) => ({ kind: 'member' as const, ...row })),
    ...budgetRows.map((row) => ({ kind: 'budget' as const, ...none, ...row })),
  ]
}

function ruleOf<T extends Limited>(table: T) {
  const { budgetDuration, budgetAnchorAt, budgetResetAlignment, maxBudget } = table
  return { budgetDuration, budgetAnchorAt, budgetResetAlignment, maxBudget }
}

function spentOf<T extends Spent>({ spend, spendWindowAt, spendWindowEndAt }: T) {
  return { spend, spendWindowAt, spendWindowEndAt }
}

/**
 * One statement. What changed since it was read stays as it is: a rule that was edited, and a spend
 * that a ledger wrote. What is carried into a window of an account without a ledger has a log row.
 */
export async function moveWindows(db: Db, moved: readonly MovedWindow[]): Promise<void> {
  await db.execute(sql`
    with moved as (
      select * from jsonb_to_recordset(${JSON.stringify(moved.map(movedRow))}::jsonb)
        as moved(kind text, id text, of_team text, duration text, alignment text, anchor_at timestamptz,
          known_at timestamptz, known_end_at timestamptz, start_at timestamptz,
          reset_at timestamptz, spent numeric, entry_id text)
    ), locked as materialized (
      -- In the order in which everybody takes them: accounts first, then what belongs to them.
      select account_id from ${accounts} where account_id in (
        select 'team:' || moved.id from moved where moved.kind = 'team'
        union select 'user:' || moved.id from moved where moved.kind = 'user'
        union select 'team:' || moved.of_team from moved where moved.kind = 'member'
        union select ${keys}.account_id from ${keys} join moved on token = moved.id
        where moved.kind = 'key'
      ) order by account_id for update
    ), team_resets as (
      update ${teams} set budget_reset_at = moved.reset_at from moved
      where moved.kind = 'team' and team_id = moved.id and ${IS_AS_READ}
      returning 'team:' || moved.id as account_id, moved.*
    ), user_resets as (
      update ${users} set budget_reset_at = moved.reset_at from moved
      where moved.kind = 'user' and user_id = moved.id and ${IS_AS_READ}
      returning 'user:' || moved.id as account_id, moved.*
    ), account_spends as (
      update ${accounts} set ${resetSpend()}
      from (select * from team_resets union all select * from user_resets) as moved
      where ${accounts}.account_id = moved.account_id and ${HAS_ENDED}
      returning ${accounts}.account_id, generation, ledger_epoch, moved.entry_id, moved.start_at,
        moved.spent
    ), carried as (
      -- A ledger writes its own when it wakes.
      insert into ${spendLogs} (day, entry_id, revision, account_id, generation, state, started_at,
        ended_at, spend_pico, call_type, status, detail)
      select (start_at at time zone 'utc')::date, entry_id, 0, account_id, generation, 'adjusted',
        start_at, start_at, (spent * 1000000000000)::bigint, 'rollover', 'success', '{}'
      from account_spends where ledger_epoch = 0 and spent <> 0
    ), key_resets as (
      update ${keys} set budget_reset_at = moved.reset_at, ${resetSpend()} from moved
      where moved.kind = 'key' and token = moved.id and ${IS_AS_READ}
    ), member_resets as (
      update ${memberships} set budget_reset_at = moved.reset_at, ${resetSpend()} from moved
      where moved.kind = 'member' and user_id = moved.id and team_id = moved.of_team
        and ${IS_AS_READ}
    ), budget_resets as (
      update ${budgets} set budget_reset_at = moved.reset_at from moved
      where moved.kind = 'budget' and budget_id = moved.id and ${IS_AS_READ}
    )
    select 1`)
}

function movedRow(moved: MovedWindow) {
  const { startMs, endMs } = moved.window
  return {
    kind: moved.kind,
    id: moved.id,
    of_team: moved.teamId,
    duration: moved.budgetDuration,
    alignment: moved.budgetResetAlignment,
    anchor_at: moved.budgetAnchorAt.toISOString(),
    known_at: moved.spendWindowAt?.toISOString() ?? null,
    known_end_at: moved.spendWindowEndAt?.toISOString() ?? null,
    start_at: new Date(startMs).toISOString(),
    reset_at: endMs === null ? null : new Date(endMs).toISOString(),
    spent: picoToDecimal(moved.spentPico),
    entry_id: entryId(startMs),
  }
}

/** Postgres counts microseconds, and we read milliseconds. Behind the lock on the accounts. */
const IS_AS_READ = sql.raw(`(select count(*) from locked) >= 0
  and budget_duration is not distinct from moved.duration
  and budget_reset_alignment is not distinct from moved.alignment
  and date_trunc('milliseconds', budget_anchor_at) = moved.anchor_at`)

/** Whether the spend is still of a window that is over: one may go on beyond a change of its rule. */
const HAS_ENDED = sql.raw(`(spend_window_at = moved.known_at and spend_window_at < moved.start_at
  and spend_window_end_at is not distinct from moved.known_end_at)`)

function resetSpend() {
  const columns = [
    ['spend', 'moved.spent'],
    ['spend_window_at', 'moved.start_at'],
    ['spend_window_end_at', 'moved.reset_at'],
    ['spend_epoch', '0'],
    ['spend_seq', '0'],
  ] as const
  const sets = columns.map(([column, value]) => {
    return sql`${sql.raw(column)} = case when ${HAS_ENDED} then ${sql.raw(value)} else ${sql.raw(column)} end`
  })
  return sql.join(sets, sql`, `)
}
