import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { accounts, tellings } from '../../drizzle/schema.ts'
import { type AccountRef, openAccount } from '../../src/db/accounts.ts'
import { type LedgerClient, ledgerClient } from '../../src/ledger/client.ts'
import { db } from '../setup/database.ts'
import { call, chat, type ErrorBody, MASTER, newKey, newTeam } from '../setup/worker.ts'

/** What one call costs. */
export const COST = 0.0000035

/** A team with a key of it, whose ledger has been opened by one call. */
export async function spentTeam(team: object = {}, key: object = {}) {
  const { team_id } = await newTeam(team)
  const secret = await newKey({ team_id, ...key })
  await spend(secret)
  return { team_id, key: secret }
}

export async function spend(key: string): Promise<void> {
  const response = await chat(key)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  await response.text()
}

/** A refusal that names its field, in LiteLLM's envelope. */
export async function expectRefusal(
  [path, body]: readonly [string, unknown],
  status: number,
  expected: { readonly param?: unknown; readonly type?: string; readonly message?: unknown },
): Promise<void> {
  const response = await call('POST', path, { key: MASTER, body })
  const { error } = await response.json<ErrorBody>()
  expect(error).toMatchObject({ code: String(status), ...expected })
  expect(response.status).toBe(status)
}

/** Changes of an account that its ledger was not told of yet. */
export function untold(accountId: string) {
  return db.select().from(tellings).where(eq(tellings.accountId, accountId))
}

export async function accountOf(accountId: string) {
  const [account] = await db.select().from(accounts).where(eq(accounts.accountId, accountId))
  return account
}

/** Limits as they are sent → as the row shows them, and what null leaves of them. */
export const LIMIT_FIELDS: readonly (readonly [string, unknown, unknown, unknown])[] = [
  ['max_budget', 1.5, 1.5, null],
  ['max_budget', 0, 0, null],
  ['soft_budget', 0.5, 0.5, null],
  ['budget_reset_alignment', 'calendar', 'calendar', null],
  ['budget_duration', '7d', '7d', null],
  [
    'budget_limits',
    [
      { budget_duration: '24h', max_budget: 1 },
      { budget_duration: '1mo', max_budget: 20 },
    ],
    [
      { budget_duration: '24h', max_budget: 1, reset_at: expect.stringMatching(/Z$/) },
      { budget_duration: '1mo', max_budget: 20, reset_at: expect.stringMatching(/Z$/) },
    ],
    null,
  ],
  [
    'model_max_budget',
    { 'openai/*': { budget_limit: 2, time_period: '1d' } },
    { 'openai/*': { budget_limit: 2, time_period: '1d' } },
    {},
  ],
  [
    'model_max_budget',
    { llama3: { max_budget: '2', budget_duration: '1d' } },
    { llama3: { budget_limit: 2, time_period: '1d' } },
    {},
  ],
  ['model_rpm_limit', { llama3: 5 }, { llama3: 5 }, null],
  ['model_tpm_limit', { llama3: 500 }, { llama3: 500 }, null],
  ['tpm_limit', 1000, 1000, null],
  ['rpm_limit', 10, 10, null],
  ['max_parallel_requests', 3, 3, null],
]

/** What keys and teams have besides. */
export const COMMON_FIELDS: readonly (readonly [string, unknown, unknown, unknown])[] = [
  ...LIMIT_FIELDS,
  ['budget_enforcement', 'strict', 'strict', null],
  ['models', ['llama3'], ['llama3'], []],
  ['metadata', { cost_centre: 7 }, { cost_centre: 7 }, {}],
  ['blocked', true, true, false],
]

/** What names its field and changes nothing. */
export const BAD_LIMITS: readonly (readonly [object, number, string])[] = [
  [{ max_budget: -1 }, 400, 'max_budget'],
  [{ max_budget: 'much' }, 422, 'max_budget'],
  [{ soft_budget: -1 }, 400, 'soft_budget'],
  [{ budget_duration: 'soon' }, 400, 'budget_duration'],
  [{ budget_reset_alignment: 'daily' }, 422, 'budget_reset_alignment'],
  [{ budget_limits: {} }, 422, 'budget_limits'],
  [{ budget_limits: [{ max_budget: 1 }] }, 400, 'budget_limits.0.budget_duration'],
  [{ budget_limits: [{ budget_duration: '1d' }] }, 400, 'budget_limits.0.max_budget'],
  [
    {
      budget_limits: [
        { budget_duration: '1d', max_budget: 1 },
        { budget_duration: '1d', max_budget: 2 },
      ],
    },
    400,
    'budget_limits.1.budget_duration',
  ],
  [{ model_max_budget: [] }, 422, 'model_max_budget'],
  [{ model_max_budget: { m: { budget_limit: -1 } } }, 400, 'model_max_budget.m.budget_limit'],
  [{ model_max_budget: { m: { time_period: 'x' } } }, 400, 'model_max_budget.m.time_period'],
  [{ model_max_budget: { m: { rpm_limit: 5 } } }, 400, 'model_max_budget.m.rpm_limit'],
  [{ model_rpm_limit: { m: -1 } }, 400, 'model_rpm_limit.m'],
  [{ model_tpm_limit: { m: 'x' } }, 422, 'model_tpm_limit.m'],
  [{ rpm_limit: 1.5 }, 422, 'rpm_limit'],
]

export const BAD_COMMON: readonly (readonly [object, number, string])[] = [
  ...BAD_LIMITS,
  [{ budget_enforcement: 'hard' }, 422, 'budget_enforcement'],
  [{ temp_budget_increase: 5 }, 400, 'temp_budget_expiry'],
  [{ temp_budget_expiry: '2100-01-01T00:00:00Z' }, 400, 'temp_budget_increase'],
  [{ temp_budget_increase: 5, temp_budget_expiry: 'later' }, 400, 'temp_budget_expiry'],
  [{ metadata: { model_rpm_limit: { m: -1 } } }, 400, 'metadata.model_rpm_limit.m'],
  [{ metadata: { guardrails: ['g'] } }, 400, 'metadata.guardrails'],
  [{ organization_id: 'o' }, 400, 'organization_id'],
  [{ guardrails: ['g'] }, 400, 'guardrails'],
]

/** A ledger that can't be reached. */
export const unreachable = (): LedgerClient =>
  ledgerClient({
    rpc: () => {
      throw new Error('no such object')
    },
    loadOpening: () => Promise.resolve(null),
    sleep: () => Promise.resolve(),
    defer: () => undefined,
  })

/** The ledgers themselves, as the Worker reaches them. */
export const reachable = (ref: AccountRef): LedgerClient =>
  ledgerClient({
    rpc: () => env.LEDGER.getByName(`${ref.accountId}:${ref.generation}`),
    loadOpening: () => openAccount(db, ref),
    sleep: (ms) => scheduler.wait(ms),
    defer: () => undefined,
  })
