import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { KeySecret } from '../../drizzle/columns.ts'
import { accounts, budgets, keys, keySecrets } from '../../drizzle/schema.ts'
import { lockAccounts } from './accounts.ts'
import { changed } from './change.ts'
import type { Db } from './connect.ts'
import type { KeyRow } from './keys.ts'
import { type LimitChanges, limitSet } from './limits.ts'
import { noteBudgetsOfKeys, noteChangedKeys, noteMovingKey } from './tellings.ts'
import type { Now } from '../windows.ts'

type Sent<K extends keyof KeyRow> = { readonly [Name in K]?: KeyRow[Name] | undefined }

/** What is undefined stays. */
export type KeyChanges = LimitChanges &
  Sent<
    | 'keyAlias'
    | 'metadata'
    | 'models'
    | 'aliases'
    | 'allowedRoutes'
    | 'budgetId'
    | 'blocked'
    | 'expiresAt'
    | 'budgetEnforcement'
    | 'tempBudgetIncrease'
    | 'tempBudgetExpiry'
  >

export interface UpdateKey extends Now {
  readonly token: string
  /** Who pays for it, as far as the caller knows. */
  readonly accountId: string
  readonly changes: KeyChanges
  /** Of the row that it was decided by; absent: whatever the row is by now. */
  readonly version?: number
  readonly rotation?: KeyRotation
  /** Whose it is from now on; another account has to be moved to. */
  readonly owner: KeyOwner | null
  readonly by: string
}

/** What the key is called by from now on. */
export interface KeyRotation {
  /** The newest comes last. */
  readonly secrets: readonly KeySecret[]
  readonly newest: KeySecret
}

export interface KeyOwner {
  readonly accountId: string
  readonly teamId: string | null
  readonly userId: string | null
}

/**
 * One batch behind the lock on the key's account. If another account is to pay, the key starts
 * moving there. Null if it is gone, paid for by another one, or moving already: what left with one
 * version of its row must not be asked for with another. A new secret that is or was another key's
 * violates a unique constraint.
 */
export async function updateKey(db: Db, update: UpdateKey) {
  const { token, accountId, changes, owner, rotation, version, by, nowMs } = update
  const named =
    and(
      eq(keys.token, token),
      eq(keys.accountId, accountId),
      isNull(keys.deletedAt),
      isNull(keys.moving),
      version === undefined ? undefined : eq(keys.version, version),
    ) ?? sql`false`
  const isSame = eq(keys.token, token)
  const owning = eq(accounts.accountId, accountId)
  const budgetId = sql`coalesce(${changes.budgetId ?? null}::text,
    (select ${keys.budgetId} from ${keys} where ${isSame}))`
  const [, [budget], , [key], , , , [account]] = await db.batch([
    lockAccounts(db, owning),
    // So that a change of the budget row comes before this, or finds this key.
    db.select().from(budgets).where(eq(budgets.budgetId, budgetId)).for('share'),
    noteSecret(db, named, rotation),
    db
      .update(keys)
      .set({
        ...limitSet(keys, changes, update),
        ...budgetSet(changes, nowMs),
        ...ownerSet(owner, accountId),
        ...(rotation && rotationSet(rotation, nowMs)),
        ...changed(by, nowMs),
      })
      .where(named)
      .returning(),
    noteChangedKeys(db, isSame),
    noteMovingKey(db, isSame),
    noteBudgetsOfKeys(db, isSame),
    db.select().from(accounts).where(owning),
  ])
  if (!key || !account) return null
  return { key, account, budget: budget?.budgetId === key.budgetId ? budget : null }
}

/** From now on the windows are those of another budget row: what is open goes on by them. */
function budgetSet({ budgetId, ...changes }: KeyChanges, nowMs: number) {
  const hasOwn = changes.budgetDuration !== undefined || changes.budgetResetAlignment !== undefined
  if (budgetId === undefined || hasOwn) return {}
  const isTaken = sql`${keys.budgetDuration} is null
    and ${keys.budgetId} is distinct from ${budgetId}::text`
  const now = sql`${new Date(nowMs).toISOString()}::timestamptz`
  return { budgetAnchorAt: sql`case when ${isTaken} then ${now} else ${keys.budgetAnchorAt} end` }
}

function ownerSet(owner: KeyOwner | null, accountId: string) {
  if (!owner) return {}
  const { teamId, userId } = owner
  if (owner.accountId === accountId) return { teamId, userId }
  return { moving: { account_id: owner.accountId, team_id: teamId, user_id: userId } }
}

function noteSecret(db: Db, named: SQL, rotation: KeyRotation | undefined) {
  const hash = rotation?.newest.hash ?? null
  return db.execute(sql`insert into ${keySecrets} (hash, token)
    select ${hash}::text, token from ${keys} where ${named} and ${hash}::text is not null`)
}

function rotationSet({ secrets, newest }: KeyRotation, nowMs: number) {
  return { secrets: [...secrets], keyName: newest.name, lastRotationAt: new Date(nowMs) }
}
