import { picoToDecimal } from '../../src/money.ts'
import { BUDGET, KEY, MEMBER, TEAM } from '../db/rows.ts'
import { type BudgetRow, NOTHING_SPENT, type TeamRow } from './database/tables.ts'
import type { Dice } from './dice.ts'
import { refOf, T0, TEAMS } from './start.ts'
import type { Town } from './town.ts'

const MINUTE = 60_000
const USERS = ['u0', 'u1'] as const
/** With a key of the team, and not in it. */
const NOBODY = 'nobody'
const SHARED = 'shared'
const BORN = { createdAt: new Date(T0 - MINUTE), updatedAt: new Date(T0 - MINUTE) }

/** A town's rows in Postgres. In some there is one team only, whose keys nobody has. */
export function settle(town: Town): void {
  const { dice, database, isSimple } = town
  const teams = isSimple ? TEAMS.slice(0, 1) : TEAMS
  database.budgets.set(SHARED, { ...BUDGET, ...BORN, ...limits(dice), budgetId: SHARED })
  for (const teamId of teams) {
    const team = teamOf(dice, teamId, isSimple)
    database.teams.set(teamId, team)
    const takesOver = dice.chance(0.3) && team.budgetDuration === null
    const spendPico = takesOver ? 1_234_567n : 0n
    const { accountId } = refOf(teamId)
    if (takesOver) town.openingPico.set(accountId, spendPico)
    const account = { ...NOTHING_SPENT, ...refOf(teamId), spendPico, ledgerEpoch: 0 }
    database.accounts.set(accountId, account)
    if (!isSimple) settleMembers(town, teamId)
  }
  for (let i = dice.between(1, 3); i > 0; i--) settleKey(town, `k${i}`, dice.pick(teams))
}

function teamOf(dice: Dice, teamId: string, isSimple: boolean): TeamRow {
  const team = { ...TEAM, ...BORN, ...limits(dice), teamId, teamAlias: teamId, models: [] }
  if (isSimple || dice.chance(0.4)) return team
  return {
    ...team,
    budgetEnforcement: enforcement(dice),
    teamMemberBudget: amount(dice),
    teamMemberBudgetDuration: duration(dice),
    teamMemberAnchorAt: anchor(dice),
  }
}

/** Some have limits of their own, some the team's for members. */
function settleMembers({ dice, database }: Town, teamId: string): void {
  for (const userId of USERS) {
    if (dice.chance(0.3)) continue
    const own = dice.chance(0.5) ? limits(dice) : {}
    const plain = { budgetLimits: null, modelMaxBudget: null }
    database.members.push({
      ...NOTHING_SPENT,
      row: { ...MEMBER, ...BORN, ...own, ...plain, teamId, userId },
    })
  }
}

function settleKey({ dice, database, isSimple }: Town, token: string, teamId: string): void {
  const hasUser = !isSimple && dice.chance(0.6)
  const takesLimits = !isSimple && dice.chance(0.35)
  const own = takesLimits && dice.chance(0.6) ? {} : limits(dice)
  const row = {
    ...KEY,
    ...BORN,
    ...own,
    token,
    keyName: token,
    keyAlias: token,
    accountId: refOf(teamId).accountId,
    teamId,
    userId: hasUser ? dice.pick([...USERS, NOBODY]) : null,
    budgetId: takesLimits ? SHARED : null,
    budgetEnforcement: isSimple ? null : enforcement(dice),
  }
  database.keys.set(token, { ...NOTHING_SPENT, row })
}

function enforcement(dice: Dice): TeamRow['budgetEnforcement'] {
  return dice.chance(0.85) ? null : dice.pick(['headroom', 'strict', 'observe'])
}

/** A call holds some 100 µ$, a strict one some 1,300: limits are of a few calls up to many. */
export function amount(dice: Dice): string {
  const micros = dice.between(1, dice.pick([3_000, 3_000, 8_000]))
  return picoToDecimal(BigInt(micros) * 1_000_000n)
}

function duration(dice: Dice): string | null {
  return dice.chance(0.5) ? null : dice.pick(['30s', '1m', '5m', '1h'])
}

function anchor(dice: Dice): Date {
  return new Date(T0 - dice.below(MINUTE))
}

function limits(dice: Dice): Partial<BudgetRow> {
  const anchor_at = anchor(dice).toISOString()
  const windows = ['2m', '10m'].filter(() => dice.chance(0.5))
  const [model, time_period] = [dice.pick(['m', 'n', 'n*', '*']), duration(dice)]
  return {
    maxBudget: dice.chance(0.4) ? null : amount(dice),
    budgetDuration: duration(dice),
    budgetAnchorAt: anchor(dice),
    budgetLimits: dice.chance(0.7)
      ? null
      : windows.map((budget_duration) => {
          return { budget_duration, max_budget: amount(dice), anchor_at }
        }),
    modelMaxBudget: dice.chance(0.7)
      ? null
      : { [model]: { budget_limit: amount(dice), time_period, anchor_at } },
    maxParallelRequests: dice.chance(0.15) ? dice.between(1, 4) : null,
    tpmLimit: dice.chance(0.1) ? dice.between(50, 1_000) : null,
  }
}
