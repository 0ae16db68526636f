import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { tellings } from '../../drizzle/schema.ts'
import { openAccount } from '../../src/db/accounts.ts'
import { updateBudget } from '../../src/db/budgets.ts'
import { getKeyDetails } from '../../src/db/key-details.ts'
import { finishMove, getMovingKey } from '../../src/db/key-move.ts'
import { updateKey } from '../../src/db/key-update.ts'
import { deleteKeys, findKey } from '../../src/db/keys.ts'
import { updateMember } from '../../src/db/member-changes.ts'
import { findMember } from '../../src/db/members.ts'
import { lowerCopy } from '../../src/db/spend-reset.ts'
import { writeSpend } from '../../src/db/spend.ts'
import { updateTeam } from '../../src/db/team-update.ts'
import { getTeam } from '../../src/db/teams.ts'
import {
  confirmTellings,
  forgetNotes,
  pendingTellings,
  type Telling,
} from '../../src/db/tellings.ts'
import type { Balance } from '../../src/ledger/types.ts'
import { db } from '../setup/database.ts'
import * as changes from '../simulation/database/changes.ts'
import type { SimulatedDatabase } from '../simulation/database/database.ts'
import * as moves from '../simulation/database/moves.ts'
import * as reads from '../simulation/database/reads.ts'
import { tellingName } from '../simulation/database/tables.ts'
import * as waits from '../simulation/database/tellings.ts'
import { Dice } from '../simulation/dice.ts'
import { Batches, GENERATION, MEMBER } from './batches.ts'
import {
  type Both,
  inOrder,
  plain,
  sorted,
  sync,
  tenants,
  type Waiting,
  waiting,
  windowsIn,
  windowsOf,
  withSorted,
} from './both.ts'
import { type Resets, ROLLING } from '../../src/windows.ts'

const SEEDS = Array.from({ length: 4 }, (_, i) => i + 1)
const STEPS = 40
const HOUR = 3_600_000

const TELLINGS_MAX = 10_000

/** One statement, to Postgres and to the simulated database. */
type Step = readonly [name: string, real: unknown, simulated: unknown]

describe('the database of the simulation', () => {
  it.each(SEEDS)('changes and moves rows as Postgres does, seed %i', async (seed) => {
    const dice = new Dice(1_000 + seed)
    const both = await tenants(dice)
    const batches = new Batches(dice, both)
    for (let i = 0; i < STEPS; i++) {
      const [name, real, simulated] = await step(both, dice, batches)
      expect([name, plain(real)]).toEqual([name, plain(simulated)])
      await expectSame(both)
      await sync(both)
    }
  })
})

/** Every row that a statement may have touched, and what waits to be told. */
async function expectSame({ simulated, accountIds, hashes, teamIds }: Both): Promise<void> {
  for (const hash of hashes) {
    const real = await getKeyDetails(db, hash)
    expect(plain(real)).toEqual(plain(reads.getKeyDetails(simulated, hash)))
    expect(plain(await findKey(db, hash))).toEqual(plain(simulated.findKey(hash)))
  }
  for (const teamId of teamIds) {
    expect(plain(await getTeam(db, teamId))).toEqual(plain(reads.getTeam(simulated, teamId)))
    const who = { teamId, userId: MEMBER, userEmail: null }
    expect(plain(await findMember(db, who))).toEqual(plain(reads.findMember(simulated, who)))
  }
  expect(plain(await windowsOf(accountIds))).toEqual(plain(windowsIn(simulated)))
  expect(await untold(accountIds)).toEqual(untoldIn(simulated))
}

/** Also what nobody is told of, for a ledger that opens later. */
async function noted(accountIds: readonly string[]) {
  return (await waiting(accountIds)).map(tellingName)
}

/** Who has to hear of what; and whether that is as it is now. */
async function untold(accountIds: readonly string[]) {
  const all = await pendingTellings(db, TELLINGS_MAX)
  const mine = all.filter(({ accountId }) => accountIds.includes(accountId))
  return tellingsIn(mine, await waiting(accountIds))
}

function untoldIn(simulated: SimulatedDatabase) {
  const pending = waits.pendingTellings(simulated, TELLINGS_MAX)
  return tellingsIn(pending, [...simulated.tellings.values()])
}

function tellingsIn(pending: readonly Telling[], rows: readonly Waiting[]) {
  const versions = new Map(rows.map((one) => [tellingName(one), one.version]))
  return inOrder(
    pending.map(({ accountId, generation, row: { kind, id: rowId, version }, isMoving }) => {
      const name = tellingName({ accountId, generation, kind, rowId })
      return { name, isMoving, isNews: versions.get(name) === version }
    }),
  )
}

async function step(both: Both, dice: Dice, batches: Batches): Promise<Step> {
  const { simulated, accountIds, hashes, teamIds, budgetId } = both
  const [token, teamId, accountId] = [dice.pick(hashes), dice.pick(teamIds), dice.pick(accountIds)]
  const payer = dice.chance(0.8) ? simulated.keys.get(token)!.row.accountId : accountId
  const write = { by: 'me', nowMs: Date.now(), resets: ROLLING }
  switch (
    dice.weighted({
      spend: 4,
      open: 2,
      key: 5,
      row: 4,
      gone: 1,
      move: 8,
      lower: 3,
      told: 5,
      old: 1,
    })
  ) {
    case 'spend': {
      const batch = { ...batches.next(), entries: [], seq: Date.now() }
      return ['spend', await writeSpend(db, batch), simulated.writeSpend(batch)]
    }
    case 'open': {
      const ref = { accountId, generation: GENERATION }
      const [real, opened] = [await openAccount(db, ref), simulated.openAccount(ref)]
      return ['open', sorted(real), sorted(opened)]
    }
    case 'key': {
      const owner = dice.pick([null, ownerIn(teamId, dice)])
      const update = { ...write, token, accountId: payer, changes: limits(dice), owner }
      return ['key', await updateKey(db, update), changes.updateKey(simulated, update)]
    }
    case 'row':
      return row(both, dice, write)
    case 'gone': {
      const by = { hashes: [token], aliases: [] }
      return ['gone', await deleteKeys(db, by), changes.deleteKeys(simulated, by)]
    }
    case 'move':
      return move(both, dice, token)
    case 'lower': {
      const kind = dice.pick(['key', 'member'] as const)
      const named = { kind, id: kind === 'key' ? token : MEMBER }
      const account = { accountId, generation: GENERATION }
      const lower = { account, row: named, toPico: BigInt(dice.below(500_000)) }
      return ['lower', await lowerCopy(db, lower), reads.lowerCopy(simulated, lower)]
    }
    case 'told': {
      const ref = { accountId: payer, generation: GENERATION }
      const known = reads.getKeyDetails(simulated, token)!.rows
      const rows = dice.chance(0.7) ? known : known.map((one) => ({ ...one, version: 1 }))
      await confirmTellings(db, ref, rows)
      return ['told', budgetId, waits.confirmTellings(simulated, ref, rows) ?? budgetId]
    }
    case 'old': {
      const createdAt = new Date(Date.now() - dice.pick([24, 26]) * HOUR)
      await db.update(tellings).set({ createdAt }).where(eq(tellings.accountId, accountId))
      for (const telling of simulated.tellings.values()) {
        if (telling.accountId === accountId) telling.createdAt = createdAt
      }
      await forgetNotes(db)
      waits.forgetNotes(simulated)
      return ['old', await noted(accountIds), [...simulated.tellings.keys()].toSorted()]
    }
  }
}

async function row(
  { simulated, teamIds, budgetId }: Both,
  dice: Dice,
  write: Write,
): Promise<Step> {
  const teamId = dice.pick(teamIds)
  switch (dice.pick(['team', 'member', 'budget'] as const)) {
    case 'team': {
      const ofMembers = dice.pick([{}, { teamMemberBudget: '0.5', teamMemberBudgetDuration: '1h' }])
      const update = { ...write, teamId, changes: { ...limits(dice), ...ofMembers } }
      return ['team', await updateTeam(db, update), changes.updateTeam(simulated, update)]
    }
    case 'member': {
      const update = { ...write, teamId, userId: MEMBER, changes: limits(dice) }
      return ['member', await updateMember(db, update), changes.updateMember(simulated, update)]
    }
    case 'budget': {
      const update = { ...write, budgetId, changes: limits(dice) }
      return ['budget', await updateBudget(db, update), changes.updateBudget(simulated, update)]
    }
  }
}

/** Looks for the key on its way; some moves come to an end, some find that the key has changed. */
async function move({ simulated }: Both, dice: Dice, token: string): Promise<Step> {
  const [real, found] = [await getMovingKey(db, token), moves.getMovingKey(simulated, token)]
  if (!real || !found || dice.chance(0.2)) return ['moving', withSorted(real), withSorted(found)]
  expect(plain(withSorted(real))).toEqual(plain(withSorted(found)))
  expect(found.copy.version).toBe(real.copy.version)
  const version = dice.chance(0.8) ? real.key.version : real.key.version - 1
  const brought = dice.chance(0.5) ? real.copy : balance(dice, token)
  const [was, is] = [real, found].map((moving) => ({ ...moving, key: { ...moving.key, version } }))
  return ['move', await finishMove(db, was!, brought), moves.finishMove(simulated, is!, brought)]
}

function balance(dice: Dice, token: string): Balance {
  const scopes = [`key:${token}`, `key:${token}/m`, `key:${token}/openai/*`]
  const spends = scopes
    .filter(() => dice.chance(0.7))
    .flatMap((scope) => ['main', '1h'].map((budget) => ({ scope, budget })))
    .map((one) => ({ ...one, startMs: dice.below(9) * 1_000, spentPico: BigInt(dice.below(900)) }))
  const traffic = [
    { scope: `key:${token}`, traffic: [{ id: 'a', reservedMs: 1, endedMs: 2, tokens: 3 }] },
  ]
  return { version: 1, spends, traffic: dice.pick([[], traffic]) }
}

function ownerIn(teamId: string, dice: Dice) {
  return { accountId: `team:${teamId}`, teamId, userId: dice.pick([MEMBER, null]) }
}

interface Write {
  readonly by: string
  readonly nowMs: number
  readonly resets: Resets
}

function limits(dice: Dice) {
  const windows = [{ budget_duration: dice.pick(['1h', '2h']), max_budget: '0.25' }]
  const models = { m: { budget_limit: '0.125', time_period: dice.pick(['1d', null]) } }
  return dice.pick([
    { maxBudget: dice.pick(['0.5', null]) },
    { maxBudget: '0.75', budgetDuration: dice.pick(['1h', null]) },
    { budgetLimits: dice.pick([windows, null]) },
    { modelMaxBudget: dice.pick([models, null]) },
    { tpmLimit: dice.below(9), maxParallelRequests: null },
    {},
  ])
}
