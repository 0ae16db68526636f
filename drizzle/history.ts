import {
  bigint,
  date,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { count, instant, json } from './columns.ts'

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
    index('spend_logs_entry').on(table.entryId),
    index('spend_logs_user').on(table.userId, table.endedAt),
    index('spend_logs_ended').on(table.endedAt),
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
    index('daily_spend_account').on(table.accountId, table.day),
    index('daily_spend_key').on(table.keyHash, table.day),
    index('daily_spend_user').on(table.userId, table.day),
  ],
)

/** Each account's spend on one customer: accounts never wait for each other here. */
export const dailyCustomers = pgTable(
  'daily_customers',
  {
    endUser: text().notNull(),
    day: date({ mode: 'string' }).notNull(),
    accountId: text().notNull(),
    spendPico: numeric({ precision: 38, scale: 0 }).notNull().default('0'),
    requests: count().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.endUser, table.day, table.accountId] })],
)

/** What admins changed, written by triggers in the transaction of the change. */
export const auditLogs = pgTable(
  'audit_logs',
  {
    id: uuid().primaryKey().defaultRandom(),
    updatedAt: instant().notNull().defaultNow(),
    changedBy: text().notNull(),
    changedByApiKey: text(),
    action: text().notNull(),
    tableName: text().notNull(),
    objectId: text().notNull(),
    beforeValue: jsonb().$type<Record<string, unknown>>(),
    updatedValues: jsonb().$type<Record<string, unknown>>(),
  },
  (table) => [
    index('audit_logs_updated').on(table.updatedAt, table.id),
    index('audit_logs_object').on(table.objectId),
  ],
)

/** Calls that budgets and limits refused, by day in UTC: they leave no row of their own. */
export const dailyRefusals = pgTable(
  'daily_refusals',
  {
    day: date({ mode: 'string' }).notNull(),
    accountId: text().notNull(),
    generation: integer().notNull(),
    calls: count().notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.accountId, table.generation] })],
)

/** Who is signed in to the admin pages. */
export const uiSessions = pgTable(
  'ui_sessions',
  {
    /** SHA-256 of what the cookie says. */
    id: text().primaryKey(),
    /** SHA-256 of the key that was signed in with, as callers are known by. */
    keyHash: text().notNull(),
    createdAt: instant().notNull().defaultNow(),
    expiresAt: instant().notNull(),
  },
  (table) => [index('ui_sessions_expires').on(table.expiresAt)],
)
