import { eq, getTableColumns, inArray, type SQL, sql } from 'drizzle-orm'
import { accounts, budgets, keys, teams, windowSpends } from '../../drizzle/schema.ts'
import { scopeOf } from '../ledger/scopes.ts'
import type { Balance, OpeningSpend } from '../ledger/types.ts'
import { parsePico, picoToDecimal } from '../money.ts'
import { type AccountRow, lockAccounts } from './accounts.ts'
import type { Db } from './connect.ts'
import type { KeyRow } from './keys.ts'
import { noteBudgetsOfKeys, noteChangedKeys } from './tellings.ts'

/** A key that is on its way, with both accounts; the new one is made if it is missing. */
export interface MovingKey {
  readonly key: KeyRow
  readonly from: AccountRow
  readonly to: AccountRow
  /** What Postgres knows of its spend. */
  readonly copy: Balance
}

/** Null if the key is not moving. */
export async function getMovingKey(db: Db, token: string): Promise<MovingKey | null> {
  const target = sql`(select moving ->> 'account_id' from ${keys} where ${keys.token} = ${token})`
  const [, [key], owners, spends] = await db.batch([
    db.execute(sql`insert into ${accounts} (account_id) select ${target}
      where ${target} is not null on conflict do nothing`),
    db.select().from(keys).where(eq(keys.token, token)),
    db.select().from(accounts).where(sql`${accounts.accountId} in (${target},
        (select account_id from ${keys} where ${keys.token} = ${token}))`),
    db
      .select()
      .from(windowSpends)
      .where(
        sql`${isOfKey(token)} and (account_id, generation) in (select account_id, generation
          from ${accounts} join ${keys} using (account_id) where ${keys.token} = ${token})`,
      ),
  ])
  const from = owners.find(({ accountId }) => accountId === key?.accountId)
  const to = owners.find(({ accountId }) => accountId === key?.moving?.account_id)
  if (!key || !from || !to) return null
  return { key, from, to, copy: copyOf(key, spends) }
}

function copyOf(key: KeyRow, others: readonly (typeof windowSpends.$inferSelect)[]): Balance {
  const scope = scopeOf({ kind: 'key', id: key.token })
  const windows = [{ ...key, scope, budget: 'main' }, ...others]
  return {
    version: key.moving?.version ?? key.version,
    traffic: key.traffic ?? [],
    spends: windows
      .map((window) => ({
        scope: window.scope,
        budget: window.budget,
        startMs: window.spendWindowAt.getTime(),
        endMs: window.spendWindowEndAt?.getTime() ?? null,
        spentPico: parsePico(window.spend),
      }))
      .filter(({ spentPico }) => spentPico !== 0n),
  }
}

/**
 * One batch behind both locks: the key is the new account's, with what it brings along. Nothing
 * happens if it changed since, or if one of the accounts got its first ledger meanwhile.
 */
export async function finishMove(db: Db, { key, from, to }: MovingKey, brought: Balance) {
  const { token, version } = key
  const scope = scopeOf({ kind: 'key', id: token })
  const main = brought.spends.find((spend) => spend.scope === scope && spend.budget === 'main')
  const others = brought.spends.filter((spend) => spend !== main)
  const moved = sql`
    update ${keys} set account_id = moving ->> 'account_id', team_id = moving ->> 'team_id',
      user_id = moving ->> 'user_id', moving = null,
      spend = ${picoToDecimal(main?.spentPico ?? 0n)}::numeric,
      spend_window_at = ${iso(main?.startMs ?? 0)}::timestamptz,
      spend_window_end_at = ${iso(main?.endMs ?? null)}::timestamptz,
      updated_at = now(), spend_epoch = 0, spend_seq = 0, traffic = ${JSON.stringify(brought.traffic)}::jsonb,
      -- Its new team may have been deleted while it was on its way.
      deleted_at = coalesce(deleted_at,
        (select deleted_at from ${teams} where ${teams.teamId} = moving ->> 'team_id')),
      version = nextval('policy_version')
    where token = ${token} and version = ${version} and moving is not null
      and ${isUnchanged(from)} and ${isUnchanged(to)}
    returning token`
  const both = inArray(accounts.accountId, [from.accountId, to.accountId])
  const write = db.execute(sql`
    with moved as (${moved}), gone as (
      delete from ${windowSpends} using moved
      where ${isOfKey(token)} and (account_id = ${from.accountId} or (account_id = ${to.accountId}
        and (scope, budget) not in (select scope, budget from ${rowsOf(others)})))
    )
    insert into ${windowSpends} (account_id, generation, scope, budget, spend, spend_window_at,
      spend_window_end_at)
    select ${to.accountId}, ${to.generation}::int, scope, budget, spend, window_at, window_end_at
    from moved, ${rowsOf(others)}
    on conflict (account_id, generation, scope, budget) do update set spend = excluded.spend,
      spend_window_at = excluded.spend_window_at, spend_epoch = 0, spend_seq = 0,
      spend_window_end_at = excluded.spend_window_end_at`)
  const [, , , , [row], [budget]] = await db.batch([
    lockAccounts(db, both),
    write,
    noteChangedKeys(db, sql`token = ${token} and account_id = ${to.accountId}`),
    // It may have changed while the key was elsewhere, and this account had no part in it.
    noteBudgetsOfKeys(db, sql`${keys.token} = ${token} and ${keys.accountId} = ${to.accountId}`),
    db.select().from(keys).where(eq(keys.token, token)),
    db
      .select(getTableColumns(budgets))
      .from(budgets)
      .innerJoin(keys, eq(keys.budgetId, budgets.budgetId))
      .where(eq(keys.token, token)),
  ])
  if (row?.accountId !== to.accountId || row.moving !== null) return null
  return { key: row, budget: budget ?? null }
}

/** Whether there is a ledger, as when we looked: what was brought depends on it. */
function isUnchanged({ accountId, generation, ledgerEpoch }: AccountRow): SQL {
  return sql`exists (select 1 from ${accounts} where ${accounts.accountId} = ${accountId}
    and ${accounts.generation} = ${generation}
    and (ledger_epoch > 0) = ${ledgerEpoch > 0}::boolean)`
}

function isOfKey(token: string): SQL {
  const scope = scopeOf({ kind: 'key', id: token })
  return sql`(${windowSpends.scope} = ${scope} or starts_with(${windowSpends.scope}, ${`${scope}/`}))`
}

function rowsOf(spends: readonly OpeningSpend[]): SQL {
  const rows = spends.map(({ scope, budget, startMs, endMs = null, spentPico }) => ({
    scope,
    budget,
    spend: picoToDecimal(spentPico),
    window_at: iso(startMs),
    window_end_at: iso(endMs),
  }))
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as brought(scope text, budget text,
    spend numeric, window_at timestamptz, window_end_at timestamptz)`
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
