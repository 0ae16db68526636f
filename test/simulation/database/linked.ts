import type { AccountRef } from '../../../src/db/accounts.ts'
import { budgetPolicy, keyPolicy, memberPolicy, teamPolicy } from '../../../src/db/policy.ts'
import type { DayRefusals } from '../../../src/db/refusals.ts'
import type { SpendBatch } from '../../../src/db/spend.ts'
import type { PolicyRow } from '../../../src/ledger/policy.ts'
import { deleteKeys, updateBudget, updateKey, updateMember, updateTeam } from './changes.ts'
import type { SimulatedDatabase } from './database.ts'
import { finishMove, getMovingKey } from './moves.ts'
import { findMember, getKeyDetails, getTeam, lowerCopy } from './reads.ts'
import { confirmTellings, forgetNotes, pendingTellings } from './tellings.ts'

/** What stands in for a connection to Postgres. */
export interface Link {
  readonly run: <T>(statement: (database: SimulatedDatabase) => T) => Promise<T>
  /** Rows as whoever uses this link was told that it wrote them. */
  readonly noted: Noted[]
}

export interface Noted {
  readonly row: PolicyRow
  /** Whose ledger was told, of a member's row and of a shared one. */
  readonly accountId?: string
}

type Statement<A extends unknown[], T> = (database: SimulatedDatabase, ...values: A) => T

function linked<A extends unknown[], T>(
  statement: Statement<A, T>,
  writtenIn: (result: NonNullable<T>) => readonly Noted[] = () => [],
) {
  return async (link: Link, ...values: A): Promise<T> => {
    const sent = structuredClone(values)
    const result = await link.run((database) => {
      // Nobody but who replays a seed reads this.
      console.log(`statement ${statement.name}`)
      return statement(database, ...sent)
    })
    if (result) link.noted.push(...writtenIn(result))
    return result
  }
}

/** In the place of modules of src/db: the same functions, over the simulated database. */
export const inPlaceOf = {
  connect: { connect: (env: { readonly database: Link }) => env.database },
  spend: {
    writeSpend: linked((database, batch: SpendBatch) => database.writeSpend(batch)),
  },
  refusals: {
    writeRefusals: linked((database, ref: AccountRef, days: readonly DayRefusals[]) =>
      database.writeRefusals(ref, days),
    ),
  },
  keyMove: {
    getMovingKey: linked(getMovingKey),
    finishMove: linked(finishMove, ({ key, budget }) => [
      { row: keyPolicy(key) },
      ...(budget ? [{ row: budgetPolicy(budget), accountId: key.accountId }] : []),
    ]),
  },
  keyUpdate: { updateKey: linked(updateKey, ({ key }) => [{ row: keyPolicy(key) }]) },
  keyDetails: { getKeyDetails: linked(getKeyDetails) },
  keys: {
    deleteKeys: linked(deleteKeys, (removed) =>
      removed.map(({ key }) => ({ row: keyPolicy(key) })),
    ),
  },
  teamUpdate: { updateTeam: linked(updateTeam, ({ team }) => [{ row: teamPolicy(team) }]) },
  teams: { getTeam: linked(getTeam) },
  members: { findMember: linked(findMember) },
  memberChanges: {
    updateMember: linked(updateMember, ({ member, account }) => [
      { row: memberPolicy(member), accountId: account.accountId },
    ]),
  },
  budgets: {
    updateBudget: linked(updateBudget, ({ budget, accounts }) =>
      accounts.map(({ accountId }) => ({ row: budgetPolicy(budget), accountId })),
    ),
  },
  spendReset: { lowerCopy: linked(lowerCopy) },
  // Who changed what is in no book.
  audit: { noteChange: linked(function noteChange() {}) },
  tellings: {
    confirmTellings: linked(confirmTellings),
    forgetNotes: linked(forgetNotes),
    pendingTellings: linked(pendingTellings),
  },
}
