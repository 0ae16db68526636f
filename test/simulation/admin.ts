import { KeyCache } from '../../src/auth/key-cache.ts'
import type { AccountRef } from '../../src/db/accounts.ts'
import { updateBudget } from '../../src/db/budgets.ts'
import type { Db } from '../../src/db/connect.ts'
import type { LimitChanges } from '../../src/db/limits.ts'
import type { TeamChanges } from '../../src/db/team-update.ts'
import { ApiError } from '../../src/errors.ts'
import { told } from '../../src/management/budget/tell.ts'
import { removeKeys } from '../../src/management/key/delete.ts'
import { resetKeySpend } from '../../src/management/key/reset-spend.ts'
import { type ChangeDeps, write } from '../../src/management/key/change/write.ts'
import { resetMemberSpend } from '../../src/management/member/reset-spend.ts'
import { changeMember, UpdateMember } from '../../src/management/member/update.ts'
import { saveTeam } from '../../src/management/team/update.ts'
import type { BudgetRow } from './database/tables.ts'
import { isExpected } from './object-host.ts'
import type { Life } from './scheduler.ts'
import { amount } from './settle.ts'
import { refOf } from './start.ts'
import type { Town } from './town.ts'
import { ROLLING } from '../../src/windows.ts'

const TRY_AGAIN_MS = 5_000

type Act = (deps: ChangeDeps & { readonly ignored: readonly string[] }) => Promise<unknown>

/** Who changes rows while calls are made, by the shipped management code, and looks at the books. */
export class Admin {
  readonly #town: Town
  readonly #life: Life
  readonly #keyCache = new KeyCache()

  constructor(town: Town) {
    this.#town = town
    this.#life = town.newLife('admin')
  }

  /** Lowers, raises or lifts a limit; blocks or unblocks; deletes. */
  edit(): void {
    const { dice } = this.#town
    const kinds = { team: 4, key: 4, member: 2, budget: 2, deletion: 1 }
    const [key, member] = [this.#someKey(), this.#someMember()]
    switch (dice.weighted(kinds)) {
      case 'team':
        return this.#editTeam()
      case 'key': {
        const changes = dice.chance(0.2) ? { blocked: dice.chance(0.5) } : this.#limits(key.row)
        return this.#untilTold((deps) => write(deps, key.row.token, { changes, owned: {} }))
      }
      case 'member': {
        if (!member) return
        const { teamId: team_id, userId: user_id } = member.row
        const max_budget_in_team = dice.chance(0.3) ? null : Number(amount(dice))
        const input = UpdateMember.parse({ team_id, user_id, max_budget_in_team })
        return this.#untilTold((deps) => changeMember({ ...deps, input }))
      }
      case 'budget':
        return this.#editBudget()
      case 'deletion': {
        const input = { keys: [key.row.token] }
        return this.#untilTold((deps) => removeKeys({ ...deps, input }))
      }
    }
  }

  /** Sets the spend of a key or of a member to less. */
  reset(): void {
    const { dice } = this.#town
    const [{ row }, member] = [this.#someKey(), this.#someMember()]
    const resetTo = dice.chance(0.7) ? 0 : Number(amount(dice)) / 10
    if (!member) {
      return this.#untilTold((deps) => resetKeySpend({ ...deps, key: row.token, resetTo }))
    }
    const { teamId, userId } = member.row
    this.#untilTold((deps) => resetMemberSpend({ ...deps, teamId, userId, resetTo }))
  }

  /** Another team pays for a key from now on; its user may be another one too. */
  move(): void {
    const { dice, database } = this.#town
    const { row } = this.#someKey()
    const team_id = dice.pick([...database.teams.keys()].filter((id) => id !== row.teamId))
    const owned = dice.chance(0.6) ? { team_id } : { team_id, user_id: dice.pick([null, 'u0']) }
    this.#untilTold((deps) => write(deps, row.token, { changes: {}, owned }))
  }

  /** Looks at the books, or asks for their delivery. */
  async ask(): Promise<void> {
    const { dice, scheduler, database } = this.#town
    const ledger = this.#town.ledgerOf(refOf(dice.pick([...database.teams.keys()])))
    await scheduler
      .within(this.#life, () => (dice.chance(0.5) ? ledger.flush() : ledger.audit()))
      .catch(() => undefined)
  }

  #editTeam(): void {
    const { dice, database } = this.#town
    const team = dice.pick([...database.teams.values()])
    const member = { teamMemberBudget: amount(dice) }
    const changes: TeamChanges = dice.chance(0.1)
      ? { blocked: dice.chance(0.5) }
      : team.teamMemberBudget !== null && dice.chance(0.3)
        ? member
        : this.#limits(team)
    this.#untilTold((deps) => saveTeam(deps, team.teamId, changes))
  }

  #editBudget(): void {
    const { dice, database } = this.#town
    const budget = dice.pick([...database.budgets.values()])
    const [{ budgetId }, changes] = [budget, this.#limits(budget)]
    this.#untilTold(async (deps) => {
      const written = await updateBudget(deps.db, {
        budgetId,
        changes,
        by: 'admin',
        nowMs: deps.nowMs,
        resets: deps.resets,
      })
      if (written) await told(deps, written)
    })
  }

  #someKey() {
    return this.#town.dice.pick([...this.#town.database.keys.values()])
  }

  #someMember() {
    const { dice, database } = this.#town
    const { members } = database
    return members.length > 0 && dice.chance(0.5) ? dice.pick(members) : null
  }

  /** Other amounts; how windows lie stays, so that the checks know it too. */
  #limits({ budgetLimits, modelMaxBudget }: BudgetRow | TeamRowLimits): LimitChanges {
    const { dice } = this.#town
    const models = Object.entries(modelMaxBudget ?? {}).map(([model, { time_period }]) => {
      return [model, { budget_limit: dice.chance(0.3) ? null : amount(dice), time_period }]
    })
    const windows = budgetLimits?.map(({ budget_duration }) => {
      return { budget_duration, max_budget: amount(dice) }
    })
    return {
      maxBudget: dice.chance(0.3) ? null : dice.chance(0.1) ? '0' : amount(dice),
      ...(models.length > 0 && dice.chance(0.5) && { modelMaxBudget: Object.fromEntries(models) }),
      ...(windows && dice.chance(0.5) && { budgetLimits: windows }),
    }
  }

  /** Again and again, as the answers ask for: a change is in force once an answer says so. */
  #untilTold(act: Act): void {
    const { scheduler } = this.#town
    scheduler.within(this.#life, () => void this.#repeat(act))
  }

  async #repeat(act: Act): Promise<void> {
    const town = this.#town
    const { scheduler, watch } = town
    for (;;) {
      const link = town.link()
      const deps = {
        db: link as unknown as Db,
        ledgerOf: (ref: AccountRef) => town.ledgerOf(ref),
        sharedKeys: town.sharedKeys,
        keyCache: this.#keyCache,
        nowMs: Date.now(),
        resets: ROLLING,
        ignored: [],
        by: 'admin',
        author: { changedBy: 'admin', apiKey: null },
      }
      try {
        await act(deps)
        for (const noted of link.noted) watch.note(noted)
        return
      } catch (error) {
        const isAnswer = error instanceof ApiError
        // A refusal is final: the key is gone, or less was spent than that.
        if (isAnswer && error.status < 500) return
        if (!isAnswer && !isExpected(error)) watch.violations.push(`admin: ${String(error)}`)
      }
      await scheduler.sleep(TRY_AGAIN_MS, this.#life)
    }
  }
}

type TeamRowLimits = Pick<BudgetRow, 'budgetLimits' | 'modelMaxBudget'>
