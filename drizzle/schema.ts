import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  jsonb,
  numeric,
  pgSequence,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'

/** One sequence numbers every change of every policy row, so that any two can be ordered. */
export const policyVersion = pgSequence('policy_version')

const version = () =>
  bigint({ mode: 'number' })
    .notNull()
    .default(sql`nextval('policy_version')`)
const usd = () => numeric({ precision: 38, scale: 12 })
const instant = () => timestamp({ withTimezone: true, mode: 'date' })
const count = () => bigint({ mode: 'number' })
const names = () =>
  text()
    .array()
    .notNull()
    .default(sql`'{}'`)
const json = () =>
  jsonb()
    .$type<Record<string, unknown>>()
    .notNull()
    .default(sql`'{}'`)

const created = {
  createdAt: instant().notNull().defaultNow(),
  updatedAt: instant().notNull().defaultNow(),
  createdBy: text(),
  updatedBy: text(),
}

/** What limits a team, key, user or shared budget row. */
const limits = {
  maxBudget: usd(),
  softBudget: usd(),
  budgetDuration: text(),
  /** Windows count from here; a new duration starts them anew. */
  budgetAnchorAt: instant().notNull().defaultNow(),
  budgetResetAt: instant(),
  maxParallelRequests: count(),
  tpmLimit: count(),
  rpmLimit: count(),
}

/** The ledger's last word on a scope's window, written only under its (window, epoch, seq) guard. */
const spent = {
  spend: usd().notNull().default('0'),
  spendWindowAt: instant()
    .notNull()
    .default(sql`'epoch'`),
  spendEpoch: count().notNull().default(0),
  spendSeq: count().notNull().default(0),
}

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
    membersWithRoles: jsonb()
      .$type<{ user_id: string | null; user_email: string | null; role: string }[]>()
      .notNull()
      .default(sql`'[]'`),
    metadata: json(),
    models: names(),
    blocked: boolean().notNull().default(false),
    /** Kept, so that a delete can be repeated; the same id made again starts a new generation. */
    deletedAt: instant(),
    ...limits,
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
    blocked: boolean().notNull().default(false),
    expiresAt: instant(),
    /** Kept, so that a delete can be repeated until every ledger was told. */
    deletedAt: instant(),
    ...limits,
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
    index('keys_reset').on(table.budgetResetAt),
  ],
)

export const users = pgTable('users', {
  userId: text().primaryKey(),
  version: version(),
  userEmail: text(),
  userAlias: text(),
  userRole: text().notNull().default('internal_user'),
  models: names(),
  metadata: json(),
  ...limits,
  ...created,
})

export const memberships = pgTable(
  'memberships',
  {
    userId: text().notNull(),
    teamId: text().notNull(),
    version: version(),
    role: text().notNull().default('user'),
    budgetId: text(),
    ...spent,
  },
  (table) => [primaryKey({ columns: [table.userId, table.teamId] })],
)

export const budgets = pgTable('budgets', {
  budgetId: text().primaryKey(),
  version: version(),
  ...limits,
  ...created,
})

/** One row per ended attempt; a correction is revision 1 with the signed difference. */
export const spendLogs = pgTable(
  'spend_logs',
  {
    day: date({ mode: 'string' }).notNull(),
    entryId: text().notNull(),
    revision: integer().notNull(),
    accountId: text().notNull(),
    generation: integer().notNull().default(1),
    state: text().notNull(),
    startedAt: instant().notNull(),
    endedAt: instant().notNull(),
    spendPico: bigint({ mode: 'bigint' }).notNull(),
    promptTokens: count().notNull().default(0),
    completionTokens: count().notNull().default(0),
    totalTokens: count().notNull().default(0),
    keyHash: text(),
    teamId: text(),
    userId: text(),
    endUser: text(),
    callType: text(),
    modelGroup: text(),
    model: text(),
    modelId: text(),
    provider: text(),
    callId: text(),
    responseId: text(),
    status: text(),
    usageSource: text(),
    detail: json(),
  },
  (table) => [
    primaryKey({ columns: [table.day, table.entryId, table.revision] }),
    index('spend_logs_account').on(table.accountId, table.endedAt),
    index('spend_logs_key').on(table.keyHash, table.endedAt),
    index('spend_logs_call').on(table.callId),
    index('spend_logs_response').on(table.responseId),
  ],
)

export const dailySpend = pgTable(
  'daily_spend',
  {
    day: date({ mode: 'string' }).notNull(),
    accountId: text().notNull(),
    keyHash: text().notNull(),
    userId: text().notNull(),
    modelGroup: text().notNull(),
    model: text().notNull(),
    provider: text().notNull(),
    spendPico: numeric({ precision: 38, scale: 0 }).notNull().default('0'),
    requests: count().notNull().default(0),
    successfulRequests: count().notNull().default(0),
    failedRequests: count().notNull().default(0),
    promptTokens: count().notNull().default(0),
    completionTokens: count().notNull().default(0),
  },
  (table) => [
    primaryKey({
      columns: [
        table.day,
        table.accountId,
        table.keyHash,
        table.userId,
        table.modelGroup,
        table.model,
        table.provider,
      ],
    }),
  ],
)

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
