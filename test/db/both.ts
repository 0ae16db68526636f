import { eq, inArray } from 'drizzle-orm'
import {
  accounts,
  budgets,
  keys,
  memberships,
  teams,
  tellings,
  windowSpends,
} from '../../drizzle/schema.ts'
import type { Balance } from '../../src/ledger/types.ts'
import { parsePico, picoToDecimal } from '../../src/money.ts'
import { db } from '../setup/database.ts'
import { SimulatedDatabase } from '../simulation/database/database.ts'
import {
  NOTHING_SPENT,
  spentColumns,
  type SimulatedTelling,
  tellingName,
} from '../simulation/database/tables.ts'
import type { Dice } from '../simulation/dice.ts'
import { GENERATION, MEMBER } from './batches.ts'

export type Both = Awaited<ReturnType<typeof tenants>>

/** The same two teams, with keys, a member and a budget row, in Postgres and in the simulation's. */
export async function tenants(dice: Dice) {
  const run = crypto.randomUUID()
  const simulated = new SimulatedDatabase(Date.now)
  const ids = [`a-${run}`, `b-${run}`]
  const budgetId = `budget-${run}`
  const shared = { budgetId, maxBudget: '0.002', budgetDuration: dice.pick(['5m', null]) }
  const [budget] = await db.insert(budgets).values(shared).returning()
  simulated.budgets.set(budgetId, budget!)
  for (const teamId of ids) {
    const accountId = `team:${teamId}`
    await db.insert(accounts).values({ accountId, generation: GENERATION })
    simulated.accounts.set(accountId, {
      ...NOTHING_SPENT,
      accountId,
      generation: GENERATION,
      ledgerEpoch: 0,
    })
    const limits = { maxBudget: '0.001', budgetDuration: dice.pick(['1d', '30s', null]) }
    const [team] = await db
      .insert(teams)
      .values({ teamId, teamAlias: dice.pick(['x', null]), blocked: dice.chance(0.5), ...limits })
      .returning()
    simulated.teams.set(teamId, team!)
    for (const token of [`${teamId}-1`, `${teamId}-2`]) {
      const userId = dice.pick([MEMBER, 'nobody', null])
      const named = { token, keyName: token, accountId, teamId, userId }
      const fields = {
        ...named,
        tpmLimit: dice.pick([5, null]),
        budgetId: dice.pick([budgetId, null]),
      }
      const [key] = await db.insert(keys).values(fields).returning()
      simulated.keys.set(token, { ...NOTHING_SPENT, row: key! })
    }
    const [member] = await db.insert(memberships).values({ userId: MEMBER, teamId }).returning()
    simulated.members.push({ ...NOTHING_SPENT, row: member! })
  }
  return {
    simulated,
    budgetId,
    teamIds: ids,
    accountIds: ids.map((id) => `team:${id}`),
    hashes: [...simulated.keys.keys()],
  }
}

/** Each has a sequence and a clock of its own: the simulated one takes over what Postgres counted. */
export async function sync({ simulated, budgetId, teamIds, accountIds, hashes }: Both) {
  for (const row of await db.select().from(keys).where(inArray(keys.token, hashes))) {
    Object.assign(simulated.keys.get(row.token)!.row, stamp(row))
  }
  for (const row of await db.select().from(teams).where(inArray(teams.teamId, teamIds))) {
    Object.assign(simulated.teams.get(row.teamId)!, stamp(row))
  }
  const members = db.select().from(memberships).where(inArray(memberships.teamId, teamIds))
  for (const row of await members) {
    Object.assign(simulated.member(row.teamId, row.userId)!.row, stamp(row))
  }
  for (const row of await db.select().from(budgets).where(eq(budgets.budgetId, budgetId))) {
    Object.assign(simulated.budgets.get(row.budgetId)!, stamp(row))
  }
  for (const row of await waiting(accountIds)) {
    const known = simulated.tellings.get(tellingName(row))
    if (known) known.version = row.version
  }
}

function stamp(row: { version: number; updatedAt: Date; deletedAt: Date | null }) {
  const { version, updatedAt, deletedAt } = row
  return { version, updatedAt, deletedAt }
}

export async function waiting(accountIds: readonly string[]) {
  const rows = await db
    .select()
    .from(tellings)
    .where(inArray(tellings.accountId, [...accountIds]))
  return rows.toSorted((a, b) => (tellingName(a) < tellingName(b) ? -1 : 1))
}

export async function windowsOf(accountIds: readonly string[]) {
  const rows = await db
    .select()
    .from(windowSpends)
    .where(inArray(windowSpends.accountId, [...accountIds]))
  return inOrder(rows.map((one) => ({ ...one, spend: picoToDecimal(parsePico(one.spend)) })))
}

export function windowsIn({ windows }: SimulatedDatabase) {
  return inOrder(
    windows.map(({ accountId, generation, scope, budget, ...spent }) => {
      return { accountId, generation, scope, budget, ...spentColumns(spent) }
    }),
  )
}

export type Waiting = Omit<SimulatedTelling, 'kind'> & { readonly kind: string }

const COUNTED = new Set(['version', 'createdAt', 'updatedAt', 'anchor_at'])
const DECIMAL = /^-?\d+\.\d+$/

/** Without what each counts by itself; decimals as one of the two writes them. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string' && DECIMAL.test(value)) return picoToDecimal(parsePico(value))
  if (value instanceof Date) return value.getTime()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name]) => !COUNTED.has(name))
  return Object.fromEntries(
    kept.map(([name, one]) => [name, name === 'deletedAt' ? one !== null : plain(one)]),
  )
}

/** The rows of an opening, and of a balance, come in any order. */
export function sorted<
  T extends { readonly spends: readonly object[]; readonly changed?: readonly object[] },
>(opening: T | null) {
  return (
    opening && { ...opening, spends: inOrder(opening.spends), changed: inOrder(opening.changed) }
  )
}

export function withSorted<T extends { readonly copy: Balance }>(moving: T | null) {
  return moving && { ...moving, copy: { ...moving.copy, spends: inOrder(moving.copy.spends) } }
}

export function inOrder(rows: readonly object[] = []): unknown[] {
  const named = rows.map((one) => [JSON.stringify(plain(one)), one] as const)
  return named.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}
