import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type { ScopeTraffic } from '../src/ledger/types.ts'
import {
  count,
  created,
  enforcement,
  instant,
  json,
  limits,
  names,
  spent,
  usd,
  version,
  type KeyMove,
  type KeySecret,
} from './columns.ts'

export { policyVersion } from './columns.ts'
export {
  auditLogs,
  dailyCustomers,
  dailyRefusals,
  dailySpend,
  spendLogs,
  uiSessions,
} from './history.ts'

/** What owns one ledger: `team:<id>`, `user:<id>` or `key:<hash>`. */
export const accounts = pgTable('accounts', {
  accountId: text().primaryKey(),
  generation: integer().notNull().default(1),
  /** How many ledgers were opened for it; 0 means that there is nobody to tell of a change. */
  ledgerEpoch: integer().notNull().default(0),
  ...spent,
  createdAt: instant().notNull().defaultNow(),
})

export const teams = pgTable(
  'teams',
  {
    teamId: text().primaryKey(),
    version: version(),
    teamAlias: text(),
    organizationId: text(),
    /** Memberships took its place; it stays while a Worker that reads it may still run. */
    membersWithRoles: jsonb()
      .$type<{ user_id: string | null; user_email: string | null; role: string }[]>()
      .notNull()
      .default(sql`'[]'`),
    metadata: json(),
    models: names(),
    modelAliases: jsonb().$type<Record<string, string>>(),
    /** What limits members who have no value of their own. */
    teamMemberBudget: usd(),
    teamMemberBudgetDuration: text(),
    teamMemberAnchorAt: instant().notNull().defaultNow(),
    teamMemberRpmLimit: count(),
    teamMemberTpmLimit: count(),
    /** Routes that members may call for the team's keys; null: as LiteLLM has it. */
    teamMemberPermissions: text().array(),
    /** The longest life of a key that a member makes. */
    teamMemberKeyDuration: text(),
    blocked: boolean().notNull().default(false),
    /** Kept, so that a delete can be repeated; the same id made again starts a new generation. */
    deletedAt: instant(),
    ...limits,
    ...enforcement,
    ...created,
  },
  (table) => [index('teams_reset').on(table.budgetResetAt)],
)

export const keys = pgTable(
  'keys',
  {
    /** SHA-256 hex of the key; the key itself is nowhere. */
    token: text().primaryKey(),
    version: version(),
    keyName: text().notNull(),
    keyAlias: text(),
    accountId: text().notNull(),
    teamId: text(),
    userId: text(),
    metadata: json(),
    models: names(),
    aliases: jsonb().$type<Record<string, string>>(),
    /** A shared budget row, whose limits hold where the key has none. */
    budgetId: text(),
    blocked: boolean().notNull().default(false),
    /** Routes, groups and patterns that it may call; empty: all that its role may. */
    allowedRoutes: names(),
    /** What it was regenerated as; null: it is known by its token alone. */
    secrets: jsonb().$type<KeySecret[]>(),
    lastRotationAt: instant(),
    expiresAt: instant(),
    /** Kept, so that a delete can be repeated until every ledger was told. */
    deletedAt: instant(),
    /** Where a key goes that is leaving its account; null: it stays. */
    moving: jsonb().$type<KeyMove>(),
    /** Its last minute, brought along from another account. */
    traffic: jsonb().$type<ScopeTraffic[]>(),
    ...limits,
    ...enforcement,
    ...spent,
    ...created,
  },
  (table) => [
    uniqueIndex('keys_alias')
      .on(table.keyAlias)
      .where(sql`deleted_at is null`),
    index('keys_team').on(table.teamId),
    index('keys_user').on(table.userId),
    index('keys_account').on(table.accountId),
    index('keys_budget').on(table.budgetId),
    index('keys_reset').on(table.budgetResetAt),
  ],
)

/** A regenerated key keeps its row: what it is called by now, and which row that is. */
export const keySecrets = pgTable('key_secrets', {
  /** SHA-256 hex. */
  hash: text().primaryKey(),
  token: text().notNull(),
})

export const users = pgTable(
  'users',
  {
    userId: text().primaryKey(),
    version: version(),
    userEmail: text(),
    userAlias: text(),
    ssoUserId: text(),
    userRole: text().notNull().default('internal_user'),
    models: names(),
    metadata: json(),
    /** Kept, so that a delete can be repeated; the same id made again starts a new generation. */
    deletedAt: instant(),
    ...limits,
    ...created,
  },
  (table) => [
    index('users_email').on(table.userEmail),
    index('users_reset').on(table.budgetResetAt),
  ],
)

/** Who is in which team, and what limits them there; rows of those who left are kept. */
export const memberships = pgTable(
  'memberships',
  {
    userId: text().notNull(),
    teamId: text().notNull(),
    version: version(),
    role: text().notNull().default('user'),
    userEmail: text(),
    budgetId: text(),
    deletedAt: instant(),
    ...limits,
    ...spent,
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.teamId] }),
    index('memberships_team').on(table.teamId),
    index('memberships_reset').on(table.budgetResetAt),
  ],
)

export const budgets = pgTable(
  'budgets',
  {
    budgetId: text().primaryKey(),
    version: version(),
    /** Kept, so that a delete can be repeated until every ledger was told. */
    deletedAt: instant(),
    ...limits,
    ...created,
  },
  (table) => [index('budgets_reset').on(table.budgetResetAt)],
)

/** Where every other window of an account stands: of models, and of further windows. */
export const windowSpends = pgTable(
  'window_spends',
  {
    accountId: text().notNull(),
    generation: integer().notNull(),
    scope: text().notNull(),
    budget: text().notNull(),
    ...spent,
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.generation, table.scope, table.budget] }),
  ],
)

/** Whom calls are made for, by the name that callers give them; nothing limits them. */
export const customers = pgTable('customers', {
  userId: text().primaryKey(),
  alias: text(),
  blocked: boolean().notNull().default(false),
  allowedModelRegion: text(),
  defaultModel: text(),
  ...created,
})

/** Changes that were saved and that a ledger was not yet told of; cron drives them on. */
export const tellings = pgTable(
  'tellings',
  {
    accountId: text().notNull(),
    generation: integer().notNull(),
    kind: text().notNull(),
    rowId: text().notNull(),
    version: count().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.generation, table.kind, table.rowId] }),
    index('tellings_created').on(table.createdAt),
  ],
)

/** Where a job that takes several runs goes on. */
export const jobs = pgTable('jobs', {
  job: text().primaryKey(),
  cursor: text().notNull(),
  updatedAt: instant().notNull().defaultNow(),
})
