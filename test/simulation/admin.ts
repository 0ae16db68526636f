import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { Life } from './scheduler.ts'
import { ACCOUNT } from './start.ts'
import type { Town } from './town.ts'

const TRY_AGAIN_MS = 5_000

/** Who changes limits while calls are made, and looks at the books. */
export class Admin {
  readonly #town: Town
  readonly #life: Life
  #version = 1

  constructor(town: Town) {
    this.#town = town
    this.#life = town.newLife('admin')
  }

  /** Changes a limit; the change is in force once the ledger was told. */
  async edit(): Promise<void> {
    await this.#town.scheduler.within(this.#life, () => this.#change())
  }

  /** Looks at the books, or asks for their delivery. */
  async ask(): Promise<void> {
    const { dice, scheduler } = this.#town
    const ledger = this.#town.ledgerOf(ACCOUNT)
    await scheduler
      .within(this.#life, () => (dice.chance(0.5) ? ledger.flush() : ledger.audit()))
      .catch(() => undefined)
  }

  async #change(): Promise<void> {
    const town = this.#town
    const { dice } = town
    const version = ++this.#version
    const name = dice.pick(['account', ...town.database.keys.keys()])
    const limitPico = dice.chance(0.3) ? null : BigInt(dice.below(3_000)) * 1_000_000n
    const blocked = dice.chance(0.15)
    const deletes = name !== 'account' && dice.chance(0.2)
    const update = (): { row: PolicyRow; epoch: number } => {
      const account = town.database.accounts.get(ACCOUNT.accountId)!
      const owner = name === 'account' ? account : town.database.keys.get(name)!
      const budgets = owner.policy.budgets.map((budget) => ({ ...budget, limitPico }))
      const deleted = owner.policy.deleted || deletes
      if (owner.policy.version < version) {
        const policy = { ...owner.policy, version, budgets, blocked, deleted }
        Object.assign(owner, { policy, isChanged: true })
      }
      return { row: owner.policy, epoch: account.ledgerEpoch }
    }
    for (;;) {
      try {
        const { row, epoch } = await town.query(update)
        // A ledger that opens later reads what has changed.
        if (epoch > 0) await town.ledgerOf(ACCOUNT).tell([row])
        const known = town.watch.inForce.get(row.id) ?? 0
        town.watch.inForce.set(row.id, Math.max(known, row.version))
        return
      } catch {
        await town.scheduler.sleep(TRY_AGAIN_MS, this.#life)
      }
    }
  }
}
