import { env } from 'cloudflare:workers'
import { eq, inArray } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, dailySpend, keys, spendLogs, teams } from '../../drizzle/schema.ts'
import { openAccount } from '../../src/db/accounts.ts'
import { connect } from '../../src/db/connect.ts'
import { findKey } from '../../src/db/keys.ts'
import { keyPolicy, teamPolicy } from '../../src/db/policy.ts'
import { type SpendBatch, writeSpend } from '../../src/db/spend.ts'
import { entryId } from '../../src/ids.ts'
import type { Entry, EntryDetail } from '../../src/ledger/types.ts'
import { parsePico } from '../../src/money.ts'
import { NOTHING_SPENT, SimulatedDatabase } from '../simulation/database.ts'
import { Dice } from '../simulation/dice.ts'
import { T0 } from '../simulation/start.ts'

const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1)
const BATCHES = 25
const DAY = 24 * 3_600_000
const GENERATION = 2

const db = connect(env)

/** The same two teams, with keys, in Postgres and in the simulated database. */
async function tenants(dice: Dice) {
  const run = crypto.randomUUID()
  const simulated = new SimulatedDatabase()
  const ids = [`a-${run}`, `b-${run}`]
  for (const teamId of ids) {
    const accountId = `team:${teamId}`
    await db.insert(accounts).values({ accountId, generation: GENERATION })
    const limits = { maxBudget: '0.001', budgetDuration: dice.pick(['1d', '30s', null]) }
    const [team] = await db
      .insert(teams)
      .values({ teamId, teamAlias: dice.pick(['x', null]), blocked: dice.chance(0.5), ...limits })
      .returning()
    const account = { accountId, generation: GENERATION, ledgerEpoch: 0, policy: teamPolicy(team!) }
    simulated.accounts.set(accountId, { ...NOTHING_SPENT, ...account })
    for (const token of [`${teamId}-1`, `${teamId}-2`]) {
      const fields = { token, keyName: token, accountId, teamId, tpmLimit: dice.pick([5, null]) }
      const [key] = await db.insert(keys).values(fields).returning()
      simulated.keys.set(token, { ...NOTHING_SPENT, accountId, policy: keyPolicy(key!) })
    }
  }
  return {
    simulated,
    accountIds: ids.map((id) => `team:${id}`),
    hashes: [...simulated.keys.keys()],
  }
}

type Tenants = Awaited<ReturnType<typeof tenants>>

/** Entries of a few calls, their corrections, some of them again: as outboxes send them. */
class Batches {
  readonly #dice: Dice
  readonly #tenants: Tenants
  readonly #sent: Entry[] = []

  constructor(dice: Dice, of: Tenants) {
    this.#dice = dice
    this.#tenants = of
  }

  next(): SpendBatch {
    const dice = this.#dice
    const { accountIds, hashes } = this.#tenants
    const entries: Entry[] = []
    for (let n = dice.below(9); n > 0; n--) {
      const isRepeated = dice.chance(0.3) && this.#sent.length > 0
      const entry = isRepeated ? dice.pick(this.#sent) : this.#entry()
      this.#sent.push(entry)
      entries.push(entry)
    }
    const scopes = ['account', ...hashes.map((hash) => `key:${hash}`), 'key:nobody']
    const spends = scopes
      .filter(() => dice.chance(0.5))
      .map((scope) => {
        const spentPico = BigInt(dice.below(1_000_000)) * BigInt(dice.pick([1, 10 ** 12]))
        // Few windows, epochs and sequences, so that each is often the same, older and newer.
        return { scope, window: { budget: 'main', startMs: dice.below(3) * DAY, spentPico } }
      })
    return {
      accountId: dice.chance(0.9) ? dice.pick(accountIds) : 'team:nobody',
      generation: dice.chance(0.9) ? GENERATION : GENERATION - 1,
      epoch: dice.below(3),
      seq: dice.below(4),
      entries,
      spends,
    }
  }

  #entry(): Entry {
    const dice = this.#dice
    const again = dice.chance(0.2) && this.#sent.length > 0 ? dice.pick(this.#sent) : null
    // An ended entry never changes: the same revision of one is the same row.
    const revision = again ? 1 - again.revision : 0
    const same = this.#sent.find((entry) => entry.id === again?.id && entry.revision === revision)
    if (same) return same
    const reservedMs = T0 + dice.below(3 * DAY)
    const nothing = {
      holdPico: 0n,
      seenPico: 0n,
      holdTokens: 0,
      scopes: [],
      rules: [],
      charged: [],
    }
    return {
      ...nothing,
      id: again?.id ?? entryId(reservedMs),
      revision,
      state: dice.pick(['settled', 'released', 'expired']),
      reservedMs,
      deadlineMs: reservedMs,
      endedMs: dice.pick([again?.endedMs ?? null, reservedMs + dice.below(DAY), null]),
      chargePico: BigInt(dice.between(-1_000, Number.MAX_SAFE_INTEGER - 1)),
      tokens: dice.between(-5, 100),
      detail: this.#detail(),
    }
  }

  #detail(): EntryDetail {
    const dice = this.#dice
    const maybe = <T>(...values: T[]): T | null => (dice.chance(0.3) ? null : dice.pick(values))
    const all: EntryDetail = {
      keyHash: maybe(...this.#tenants.hashes),
      teamId: maybe('t'),
      userId: maybe('u1', 'u2'),
      endUser: maybe('e'),
      callType: maybe('acompletion'),
      modelGroup: maybe('g'),
      model: maybe('m1', 'm2'),
      modelId: maybe('i'),
      provider: maybe('openai'),
      callId: maybe('c'),
      responseId: maybe('r'),
      status: maybe('success', 'failure'),
      usageSource: maybe('provider'),
      promptTokens: maybe(3, 40),
      completionTokens: maybe(7),
      corrected: maybe(true),
      ours: maybe('kept in detail'),
    }
    return Object.fromEntries(Object.entries(all).filter(() => dice.chance(0.8)))
  }
}

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
        expect(await openAccount(db, ref)).toEqual(ordered(simulated.openAccount(ref)))
      }
      if (dice.chance(0.05)) await deleteKey(simulated, dice.pick(hashes))
      const hash = dice.pick([...hashes, 'nobody'])
      expect(await findKey(db, hash)).toEqual(simulated.findKey(hash))
    }
    expect(await standing(accountIds)).toEqual(standingOf(simulated))
    expect(await logged(accountIds)).toEqual(loggedOf(simulated, accountIds))
    expect(await daily(accountIds)).toEqual(dailyOf(simulated, accountIds))
  })
})

async function deleteKey(simulated: SimulatedDatabase, token: string): Promise<void> {
  const deletedAt = new Date()
  const [row] = await db.update(keys).set({ deletedAt }).where(eq(keys.token, token)).returning()
  simulated.keys.get(token)!.policy = keyPolicy(row!)
}

function anyOrder(rows: readonly unknown[]): unknown {
  return expect.toBeOneOf(permuted(rows))
}

/** The rows of an opening come in any order. */
function ordered(opening: ReturnType<SimulatedDatabase['openAccount']>) {
  if (!opening) return null
  return { ...opening, spends: anyOrder(opening.spends), changed: anyOrder(opening.changed ?? []) }
}

function permuted<T>(rows: readonly T[]): T[][] {
  if (rows.length === 0) return [[]]
  return rows.flatMap((row, i) => {
    return permuted(rows.filter((_, at) => at !== i)).map((rest) => [row, ...rest])
  })
}

async function standing(accountIds: readonly string[]) {
  const owners = await db.select().from(accounts).where(inArray(accounts.accountId, accountIds))
  const keyRows = await db.select().from(keys).where(inArray(keys.accountId, accountIds))
  return new Map(
    [
      ...owners.map((row) => [row.accountId, { ...spentOf(row), ledgerEpoch: row.ledgerEpoch }]),
      ...keyRows.map((row) => [row.token, spentOf(row)] as const),
    ].toSorted(byName) as [string, object][],
  )
}

function spentOf(row: typeof accounts.$inferSelect | typeof keys.$inferSelect) {
  return {
    spendPico: parsePico(row.spend),
    windowMs: row.spendWindowAt.getTime(),
    epoch: row.spendEpoch,
    seq: row.spendSeq,
  }
}

function standingOf(simulated: SimulatedDatabase) {
  const owners = [...simulated.accounts].map(([name, row]) => {
    const { spendPico, windowMs, epoch, seq, ledgerEpoch } = row
    return [name, { spendPico, windowMs, epoch, seq, ledgerEpoch }] as const
  })
  const keyRows = [...simulated.keys].map(([name, { spendPico, windowMs, epoch, seq }]) => {
    return [name, { spendPico, windowMs, epoch, seq }] as const
  })
  return new Map<string, object>([...owners, ...keyRows].toSorted(byName))
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

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1
}
