import { eq, inArray } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import {
  accounts,
  dailyCustomers,
  dailyRefusals,
  dailySpend,
  keys,
  memberships,
  spendLogs,
  windowSpends,
} from '../../drizzle/schema.ts'
import { openAccount } from '../../src/db/accounts.ts'
import { findKey } from '../../src/db/keys.ts'
import { writeRefusals } from '../../src/db/refusals.ts'
import { writeSpend } from '../../src/db/spend.ts'
import { scopeOf } from '../../src/ledger/scopes.ts'
import type { Opening } from '../../src/ledger/types.ts'
import { parsePico } from '../../src/money.ts'
import { SimulatedDatabase } from '../simulation/database/database.ts'
import type { SimulatedWindow, Spent } from '../simulation/database/tables.ts'
import { db } from '../setup/database.ts'
import { Dice } from '../simulation/dice.ts'
import { Batches, GENERATION } from './batches.ts'
import { type Both, tenants } from './both.ts'

const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1)
const BATCHES = 25

describe('the database of the simulation', () => {
  it.each(SEEDS)('holds what Postgres holds after the same statements, seed %i', async (seed) => {
    const dice = new Dice(seed)
    const both = await tenants(dice)
    const { simulated, accountIds, hashes } = both
    const batches = new Batches(dice, both)
    for (let i = 0; i < BATCHES; i++) {
      const batch = batches.next()
      await writeSpend(db, batch)
      simulated.writeSpend(batch)
      if (dice.chance(0.2)) {
        const ref = { accountId: dice.pick(accountIds), generation: dice.pick([1, GENERATION]) }
        const [opened, expected] = [await openAccount(db, ref), simulated.openAccount(ref)]
        expect(ordered(opened)).toEqual(ordered(expected))
      }
      if (dice.chance(0.05)) await changeKey(simulated, { dice, token: dice.pick(hashes) })
      const refused = dice.pick(accountIds)
      const days = [{ day: dice.pick(['1969-01-01', '1969-01-02']), calls: dice.below(9) }]
      await writeRefusals(db, { accountId: refused, generation: GENERATION }, days)
      simulated.writeRefusals({ accountId: refused, generation: GENERATION }, days)
      const hash = dice.pick([...hashes, 'nobody'])
      expect(await findKey(db, hash)).toEqual(simulated.findKey(hash))
    }
    expect(await standing(both)).toEqual(standingOf(simulated))
    expect(await logged(accountIds)).toEqual(loggedOf(simulated, accountIds))
    expect(await refusals(accountIds)).toEqual(simulated.refusals)
    expect(await daily(accountIds)).toEqual(dailyOf(simulated, accountIds))
    expect(await customers(accountIds)).toEqual(customersOf(simulated, accountIds))
  })
})

async function refusals(accountIds: readonly string[]) {
  const isTheirs = inArray(dailyRefusals.accountId, [...accountIds])
  const rows = await db.select().from(dailyRefusals).where(isTheirs)
  return new Map(
    rows.map(({ day, accountId, generation, calls }) => [
      `${day}/${accountId}/${generation}`,
      calls,
    ]),
  )
}

async function changeKey(
  simulated: SimulatedDatabase,
  { dice, token }: { readonly dice: Dice; readonly token: string },
): Promise<void> {
  const now = new Date()
  const change = dice.pick([{ deletedAt: now }, { updatedAt: now, rpmLimit: dice.below(9) }])
  const [row] = await db.update(keys).set(change).where(eq(keys.token, token)).returning()
  simulated.keys.get(token)!.row = row!
}

/** The rows of an opening come in any order. */
function ordered(opening: Opening | null) {
  if (!opening) return null
  const { spends, changed = [] } = opening
  return {
    ...opening,
    spends: spends.toSorted((a, b) => byName([a.scope + a.budget], [b.scope + b.budget])),
    changed: changed.toSorted((a, b) => byName([scopeOf(a)], [scopeOf(b)])),
  }
}

type SpentRow = Pick<
  typeof windowSpends.$inferSelect,
  'spend' | 'spendWindowAt' | 'spendWindowEndAt' | 'spendEpoch' | 'spendSeq'
>

async function standing({ accountIds }: Both) {
  const teamIds = accountIds.map((id) => id.replace('team:', ''))
  const owners = await db.select().from(accounts).where(inArray(accounts.accountId, accountIds))
  const keyRows = await db.select().from(keys).where(inArray(keys.accountId, accountIds))
  const members = await db.select().from(memberships).where(inArray(memberships.teamId, teamIds))
  const windows = await db
    .select()
    .from(windowSpends)
    .where(inArray(windowSpends.accountId, accountIds))
  return new Map<string, object>(
    [
      ...owners.map((row) => {
        return [row.accountId, { ...spentOf(row), ledgerEpoch: row.ledgerEpoch }] as const
      }),
      ...keyRows.map((row) => [row.token, spentOf(row)] as const),
      ...members.map((row) => [`team:${row.teamId} ${row.userId}`, spentOf(row)] as const),
      ...windows.map((row) => [windowName(row), spentOf(row)] as const),
    ].toSorted(byName),
  )
}

function spentOf(row: SpentRow) {
  return {
    spendPico: parsePico(row.spend),
    windowMs: row.spendWindowAt.getTime(),
    endMs: row.spendWindowEndAt?.getTime() ?? null,
    epoch: row.spendEpoch,
    seq: row.spendSeq,
  }
}

function standingOf(simulated: SimulatedDatabase) {
  return new Map<string, object>(
    [
      ...[...simulated.accounts].map(([name, row]) => {
        return [name, { ...standingIn(row), ledgerEpoch: row.ledgerEpoch }] as const
      }),
      ...[...simulated.keys].map(([name, row]) => [name, standingIn(row)] as const),
      ...simulated.members.map((row) => {
        return [`team:${row.row.teamId} ${row.row.userId}`, standingIn(row)] as const
      }),
      ...simulated.windows.map((row) => [windowName(row), standingIn(row)] as const),
    ].toSorted(byName),
  )
}

function standingIn({ spendPico, windowMs, endMs, epoch, seq }: Spent): Spent {
  return { spendPico, windowMs, endMs, epoch, seq }
}

function windowName(row: Pick<SimulatedWindow, 'accountId' | 'generation' | 'scope' | 'budget'>) {
  return [row.accountId, row.generation, row.scope, row.budget].join(' ')
}

async function logged(accountIds: readonly string[]) {
  const rows = await db.select().from(spendLogs).where(inArray(spendLogs.accountId, accountIds))
  return rows.toSorted((a, b) => byName([logName(a)], [logName(b)]))
}

function loggedOf({ logs }: SimulatedDatabase, accountIds: readonly string[]) {
  const rows = [...logs.values()].filter(({ accountId }) => accountIds.includes(accountId))
  return rows.toSorted((a, b) => byName([logName(a)], [logName(b)]))
}

function logName({ day, entryId: id, revision }: typeof spendLogs.$inferSelect): string {
  return `${day}/${id}/${revision}`
}

async function daily(accountIds: readonly string[]) {
  const rows = await db.select().from(dailySpend).where(inArray(dailySpend.accountId, accountIds))
  const exact = rows.map((row) => ({ ...row, spendPico: BigInt(row.spendPico) }))
  return exact.toSorted((a, b) => byName([dayName(a)], [dayName(b)]))
}

function dailyOf({ daily: days }: SimulatedDatabase, accountIds: readonly string[]) {
  const rows = [...days.values()].filter(({ accountId }) => accountIds.includes(accountId))
  return rows.toSorted((a, b) => byName([dayName(a)], [dayName(b)]))
}

function dayName(row: Omit<typeof dailySpend.$inferSelect, 'spendPico'>): string {
  const { day, accountId, keyHash, userId, modelGroup, model, provider } = row
  return [day, accountId, keyHash, userId, modelGroup, model, provider].join('\n')
}

type CustomerRow = Omit<typeof dailyCustomers.$inferSelect, 'spendPico'>

async function customers(accountIds: readonly string[]) {
  const rows = await db
    .select()
    .from(dailyCustomers)
    .where(inArray(dailyCustomers.accountId, [...accountIds]))
  const exact = rows.map((row) => ({ ...row, spendPico: BigInt(row.spendPico) }))
  return exact.toSorted((a, b) => byName([customerName(a)], [customerName(b)]))
}

function customersOf({ customers: sums }: SimulatedDatabase, accountIds: readonly string[]) {
  const rows = [...sums.values()].filter(({ accountId }) => accountIds.includes(accountId))
  return rows.toSorted((a, b) => byName([customerName(a)], [customerName(b)]))
}

function customerName({ endUser, day, accountId }: CustomerRow): string {
  return [endUser, day, accountId].join('\n')
}

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1
}
