import type { budgets, keys, memberships, teams, users } from '../../drizzle/schema.ts'

export const T1 = new Date(Date.UTC(2026, 9, 1))
export const T2 = new Date(Date.UTC(2026, 9, 2))

const NO_LIMITS = {
  maxBudget: null,
  softBudget: null,
  budgetDuration: null,
  budgetAnchorAt: T1,
  budgetResetAt: null,
  budgetResetAlignment: null,
  budgetLimits: null,
  modelMaxBudget: null,
  modelRpmLimit: null,
  modelTpmLimit: null,
  maxParallelRequests: null,
  tpmLimit: null,
  rpmLimit: null,
}
const NOT_LIFTED = { budgetEnforcement: null, tempBudgetIncrease: null, tempBudgetExpiry: null }
const CREATED = { createdAt: T1, updatedAt: T1, createdBy: null, updatedBy: null }
const UNSPENT = {
  spend: '0.000000000000',
  spendWindowAt: T1,
  spendWindowEndAt: null,
  spendEpoch: 0,
  spendSeq: 0,
}

/** Rows that limit nothing, made at T1. */
export const TEAM: typeof teams.$inferSelect = {
  ...NO_LIMITS,
  ...NOT_LIFTED,
  ...CREATED,
  teamId: 't',
  version: 7,
  teamAlias: 'Team',
  organizationId: null,
  membersWithRoles: [],
  metadata: {},
  models: ['m'],
  modelAliases: null,
  teamMemberBudget: null,
  teamMemberBudgetDuration: null,
  teamMemberAnchorAt: T2,
  teamMemberRpmLimit: null,
  teamMemberTpmLimit: null,
  teamMemberPermissions: null,
  teamMemberKeyDuration: null,
  blocked: false,
  deletedAt: null,
}

export const KEY: typeof keys.$inferSelect = {
  ...NO_LIMITS,
  ...NOT_LIFTED,
  ...CREATED,
  ...UNSPENT,
  token: 'hash',
  version: 8,
  keyName: 'sk-...abcd',
  keyAlias: 'Key',
  accountId: 'team:t',
  teamId: 't',
  userId: 'u',
  metadata: {},
  models: [],
  aliases: null,
  budgetId: null,
  blocked: false,
  expiresAt: null,
  deletedAt: null,
  moving: null,
  traffic: null,
  allowedRoutes: [],
  secrets: null,
  lastRotationAt: null,
}

export const MEMBER: typeof memberships.$inferSelect = {
  ...NO_LIMITS,
  ...CREATED,
  ...UNSPENT,
  userId: 'u',
  teamId: 't',
  version: 9,
  role: 'user',
  userEmail: null,
  budgetId: null,
  deletedAt: null,
}

export const USER: typeof users.$inferSelect = {
  ...NO_LIMITS,
  ...CREATED,
  userId: 'u',
  version: 10,
  userEmail: null,
  userAlias: 'User',
  ssoUserId: null,
  deletedAt: null,
  userRole: 'internal_user',
  models: ['n'],
  metadata: {},
}

export const BUDGET: typeof budgets.$inferSelect = {
  ...NO_LIMITS,
  ...CREATED,
  budgetId: 'b',
  version: 11,
  deletedAt: null,
}
