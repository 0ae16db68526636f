import { z } from 'zod'
import type { AccountRow } from '../db/accounts.ts'
import { noteChange } from '../db/audit.ts'
import { creditCopy, hasCredit } from '../db/credits.ts'
import { badRequest, unavailable } from '../errors.ts'
import { entryId, sha256Hex } from '../ids.ts'
import type { PolicyRow } from '../ledger/policy.ts'
import { CHARGE_MAX_PICO, parsePico, type Pico, picoToDecimal } from '../money.ts'
import { id, money } from './fields.ts'
import type { Signed, TellDeps } from './tell.ts'
import { mainBudget } from './usage.ts'
import type { Now } from '../windows.ts'

/** `POST …/credit`. With an id it may be repeated. */
export const AddCredit = z
  .object({ amount: money, id: id.nullish() })
  .transform(({ amount, id: creditId }, context) => {
    if (typeof amount === 'number' && amount > 0) return { amount, creditId: creditId ?? null }
    const message = 'expected an amount of USD above 0'
    context.addIssue({ code: 'custom', path: ['amount'], message })
    return z.NEVER
  })

interface Credit extends TellDeps, Now, Pick<Signed, 'author'> {
  readonly account: AccountRow
  /** The row itself, and those that it takes limits from. */
  readonly rows: readonly PolicyRow[]
  readonly row: { readonly kind: 'account' | 'key'; readonly id: string }
  readonly amount: number
  readonly creditId: string | null
}

/**
 * Tops up a prepaid budget: what was spent is lowered by the amount, below nothing if need be. The
 * ledger writes it; while there is none, Postgres has it. Throws 400 where spend resets by itself.
 */
export async function addCredit(deps: Credit): Promise<void> {
  const { db, account, rows, row, creditId, nowMs } = deps
  const policy = rows.find(({ kind, id: name }) => kind === row.kind && name === row.id)
  const main = policy ? mainBudget(policy, rows, nowMs) : null
  if (main?.duration) throw badRequest('expected a budget without budget_duration', 'amount')
  if (!main || main.limitPico === null) {
    throw badRequest('expected a budget: without max_budget there is nothing to top up', 'amount')
  }
  const entry = creditId === null ? entryId(nowMs) : await idOf(account, row, creditId)
  const pico = parsePico(deps.amount)
  const isKnown = await hasCredit(db, { entryId: entry, creditId })
  const beforePico = isKnown ? null : await write(deps, { pico, entryId: entry })
  await noteChange(db, {
    ...deps.author,
    ...objectOf(row),
    id: entry,
    before: beforePico === null ? null : { spend: picoToDecimal(beforePico) },
    after: {
      ...(beforePico !== null && { spend: picoToDecimal(beforePico - pico) }),
      credit: picoToDecimal(pico),
      credit_id: creditId,
    },
  })
}

/** As the triggers name it. */
function objectOf({ kind, id: rowId }: Credit['row']) {
  return kind === 'key'
    ? { table: 'LiteLLM_VerificationToken', objectId: rowId }
    : { table: 'LiteLLM_TeamTable', objectId: rowId.replace(/^team:/, '') }
}

interface Written {
  readonly pico: Pico
  readonly entryId: string
}

/** Credits once per entry. What was spent before; null: that is not known any more. */
async function write(deps: Credit, { pico, entryId: entry }: Written): Promise<Pico | null> {
  const { db, author, ledgerOf, account, rows, row, creditId, nowMs } = deps
  const credit = { account, row, pico, entryId: entry, creditId, nowMs }
  const copied = account.ledgerEpoch === 0 ? await creditCopy(db, credit) : null
  if (copied) return copied.beforePico
  const detail = {
    status: 'success',
    callType: 'credit',
    changedBy: author.changedBy,
    ...(creditId !== null && { callId: creditId }),
    ...(row.kind === 'key' && { keyHash: row.id }),
  }
  const adjusted = { id: entry, rows, row, byPico: -pico, toPico: NO_AMOUNT, detail }
  const answer = await ledgerOf(account).adjust(adjusted)
  if (answer?.kind === 'adjusted') return answer.beforePico
  throw unavailable('The budget ledger is being opened right now. Please repeat the call.')
}

/** More than anybody has spent: a ledger that does not know of credits yet refuses it. */
const NO_AMOUNT: Pico = CHARGE_MAX_PICO ** 4n

/** The same for each call that repeats the client's id for the same row. */
async function idOf(
  { accountId, generation }: AccountRow,
  { kind, id: name }: Credit['row'],
  creditId: string,
): Promise<string> {
  const hex = await sha256Hex(JSON.stringify([accountId, generation, kind, name, creditId]))
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
