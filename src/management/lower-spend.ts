import { z } from 'zod'
import type { AccountRow } from '../db/accounts.ts'
import { noteChange } from '../db/audit.ts'
import { lowerCopy } from '../db/spend-reset.ts'
import { badRequest, unavailable } from '../errors.ts'
import { entryId } from '../ids.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import { formatPico, parsePico, picoToDecimal, type Pico } from '../money.ts'
import { money } from './fields.ts'
import { copiedStanding, type SpendCopy } from './live.ts'
import type { Signed, TellDeps } from './tell.ts'
import { mainBudget } from './usage.ts'
import type { Now } from '../windows.ts'

/** `POST …/reset_spend`. */
export const ResetSpend = z.object({ reset_to: money }).transform(({ reset_to }, context) => {
  if (typeof reset_to === 'number') return { reset_to }
  context.addIssue({ code: 'custom', path: ['reset_to'], message: 'expected a number' })
  return z.NEVER
})

interface Lower {
  readonly account: AccountRow
  /** The row itself, and those that it takes limits from. */
  readonly rows: readonly PolicyRow[]
  readonly row: { readonly kind: 'key' | 'member' | 'account'; readonly id: string }
  readonly copy: SpendCopy
  readonly toUsd: number
  /** What the amount was sent as. */
  readonly field: string
}

type LowerDeps = TellDeps & Now & Pick<Signed, 'author'>

export interface Lowered {
  readonly beforePico: Pico
  readonly afterPico: Pico
  readonly limitPico: Pico | null
}

/**
 * Sets the spend of a key's, member's or user's open window to less. The ledger writes it, and Postgres
 * follows; while there is no ledger, Postgres has it. Throws 400 for more than is spent or allowed.
 */
export async function lowerSpend(deps: LowerDeps, request: Lower): Promise<Lowered> {
  const { rows, row, toUsd, field } = request
  const toPico = parsePico(toUsd)
  const policy = rows.find(({ kind, id }) => kind === row.kind && id === row.id)
  const main = policy ? mainBudget(policy, rows, deps.nowMs) : null
  const limitPico = main?.limitPico ?? null
  if (limitPico !== null && toPico > limitPico) throw tooMuch(field, toPico, ['budget', limitPico])
  const lowered =
    (request.account.ledgerEpoch > 0 ? await inLedger(deps, request, toPico) : null) ??
    (await inPostgres(deps, request, { toPico, main })) ??
    (await inLedger(deps, request, toPico))
  if (!lowered) throw opening()
  const { db, author } = deps
  const before = { spend: picoToDecimal(lowered.beforePico) }
  const after = { spend: picoToDecimal(lowered.afterPico) }
  await noteChange(db, { ...author, ...objectOf(request), before, after })
  return { ...lowered, limitPico }
}

function opening() {
  return unavailable('The budget ledger is being opened right now. Please repeat the call.')
}

/** As the triggers name it. */
function objectOf({ account, row }: Lower) {
  if (row.kind === 'key') return { table: 'LiteLLM_VerificationToken', objectId: row.id }
  if (row.kind === 'account') {
    return { table: 'LiteLLM_UserTable', objectId: row.id.slice('user:'.length) }
  }
  const teamId = account.accountId.slice('team:'.length)
  return { table: 'LiteLLM_TeamMembership', objectId: `${teamId}/${row.id}` }
}

type Change = Pick<Lowered, 'beforePico' | 'afterPico'>

/** Null if the ledger has not taken over yet. */
async function inLedger(
  { ledgerOf, author, nowMs }: LowerDeps,
  { account, rows, row, field }: Lower,
  toPico: Pico,
): Promise<Change | null> {
  const answer = await ledgerOf(account).adjust({
    id: entryId(nowMs),
    rows,
    row,
    toPico,
    detail: { status: 'success', callType: 'adjustment', changedBy: author.changedBy },
  })
  if (answer?.kind === 'too_much') throw tooMuch(field, toPico, ['current spend', answer.spentPico])
  return answer
}

/** Null if there is a ledger by now. */
async function inPostgres(
  { db, ...now }: LowerDeps,
  { account, row, copy, field }: Lower,
  { toPico, main }: { readonly toPico: Pico; readonly main: ReturnType<typeof mainBudget> | null },
): Promise<Change | null> {
  const beforePico = main ? copiedStanding(main, copy, now).spentPico : parsePico(copy.spend)
  if (toPico > beforePico) throw tooMuch(field, toPico, ['current spend', beforePico])
  const { kind, id } = row
  const isWritten =
    kind === 'account'
      ? // Only a ledger spends on an account.
        account.ledgerEpoch === 0
      : await lowerCopy(db, { account, row: { kind, id }, toPico })
  return isWritten ? { beforePico, afterPico: toPico } : null
}

function tooMuch(field: string, pico: Pico, [what, most]: readonly [string, Pico]) {
  const message = `${field} (${formatPico(pico)}) must be <= ${what} (${formatPico(most)})`
  return badRequest(message, field)
}
