import { type SQL, sql } from 'drizzle-orm'
import { accounts, users } from '../../../drizzle/schema.ts'

/**
 * The head of a `with` that frees the ids of users who were deleted, for those who are made next:
 * their accounts get a new generation, with a ledger and a spend of its own. Its last table is
 * `renewed`.
 */
export function freed(ids: SQL, only: SQL = sql`true`): SQL {
  return sql`owning as materialized (
      select account_id from ${accounts} where account_id in (select 'user:' || user_id
        from ${users} where user_id in (${ids}) and deleted_at is not null)
      order by account_id for update
    ), freed as (
      delete from ${users} where user_id in (${ids}) and deleted_at is not null and ${only}
        and (select count(*) from owning) >= 0 returning user_id
    ), renewed as (
      update ${accounts} set generation = generation + 1, ledger_epoch = 0, spend = 0,
        spend_window_at = 'epoch', spend_window_end_at = null, spend_epoch = 0, spend_seq = 0
      from freed where account_id = 'user:' || freed.user_id returning account_id
    )`
}
