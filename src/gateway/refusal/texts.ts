import type { Era } from '../../config/config.ts'
import { isoMicros } from '../../duration.ts'
import type { PolicyRow } from '../../ledger/policy.ts'
import type { Refusal } from '../../ledger/types.ts'
import { formatPico, picoToUsd, type Pico } from '../../money.ts'
import { accountOf, descriptorOf, descriptorValue, nameOf } from '../scope-names.ts'

/** LiteLLM's own words, spelling and all: dashboards and scripts look for them. */

/** A spent budget: LiteLLM has a sentence of its own for each kind of limit. */
export function budgetText(refusal: Refusal, era: Era, rows: readonly PolicyRow[]): string {
  if (refusal.model !== null) return modelBudgetText(refusal, refusal.model, rows)
  if (refusal.budget !== null && refusal.budget !== 'main') {
    const [spent, limit] = [dollars(refusal.spentPico, 4), dollars(refusal.limitPico ?? 0n, 2)]
    return (
      `ExceededBudget: ${windowOwner(refusal, rows)} over ${refusal.budget} budget. ` +
      `Spend=${spent}, Limit=${limit}`
    )
  }
  const [spent, limit] = [formatPico(refusal.spentPico), formatPico(refusal.limitPico ?? 0n)]
  const name = refusal.scope && nameOf(refusal.scope)
  if (name?.word === 'user') {
    return `ExceededBudget: User=${name.id} over budget. Spend=${spent}, Budget=${limit}`
  }
  const owner = era === 'docs' ? '' : `${ownerOf(refusal.scope, rows)} `
  return `Budget has been exceeded! ${owner}Current cost: ${spent}, Max budget: ${limit}`
}

function modelBudgetText(refusal: Refusal, model: string, rows: readonly PolicyRow[]): string {
  const { word, id } = refusal.scope ? nameOf(refusal.scope) : { word: '', id: '' }
  const [spent, limit] = [dollars(refusal.spentPico, 6), dollars(refusal.limitPico ?? 0n, 6)]
  switch (word) {
    case 'key': {
      const alias = refusal.scope?.alias ?? 'None'
      return `LiteLLM Virtual Key: ${id}, key_alias: ${alias}, exceeded budget for model=${model}`
    }
    case 'user':
      return `LiteLLM User: ${id}, exceeded budget for model=${model}`
    case 'member':
      return (
        `ExceededBudget: Team member model budget exceeded. User=${id}, Team=${accountOf(rows)}, ` +
        `Model=${model}. Spend=${spent}, Budget=${limit}`
      )
    default:
      return (
        `ExceededBudget: Team model budget exceeded. Team=${id}, Model=${model}. ` +
        `Spend=${spent}, Budget=${limit}`
      )
  }
}

/** A call that is too large for what is left, whatever else is in flight. */
export function tooLargeText(
  refusal: Refusal,
  { rows, boundPico }: { readonly rows: readonly PolicyRow[]; readonly boundPico: Pico },
): string {
  const limitPico = refusal.limitPico ?? 0n
  const [spent, limit] = [formatPico(refusal.spentPico), formatPico(limitPico)]
  return (
    `Budget would be exceeded! ${whole(refusal, rows)} This call may cost up to ` +
    `${formatPico(boundPico)}, and ${formatPico(limitPico - refusal.spentPico)} is left. ` +
    `Current cost: ${spent}, Max budget: ${limit}. Send a smaller max_tokens or a shorter prompt.`
  )
}

export function heldText(refusal: Refusal): string {
  const [spent, held] = [formatPico(refusal.spentPico), formatPico(refusal.heldPico)]
  return (
    `Budget is held by calls in flight. Current cost: ${spent}, Held: ${held}, ` +
    `Max budget: ${formatPico(refusal.limitPico ?? 0n)}. Please try again.`
  )
}

export function rateText(
  refusal: Refusal,
  limit: { readonly type: string; readonly resetAtMs: number; readonly rows: readonly PolicyRow[] },
): string {
  const { scope, model } = refusal
  const resetsAt = new Date(limit.resetAtMs).toISOString().slice(0, 19).replace('T', ' ')
  const account = accountOf(limit.rows)
  const [descriptor, value] = scope
    ? [descriptorOf(scope, model), descriptorValue(scope, { account, model })]
    : ['account', account]
  return (
    `Rate limit exceeded for ${descriptor}: ${value}. Limit type: ${limit.type}. Current limit: ` +
    `${refusal.limit}, Remaining: 0. Limit resets at: ${resetsAt} UTC`
  )
}

export function blockedText(row: PolicyRow | null): string {
  const { word, id } = row ? nameOf(row) : { word: 'key', id: '' }
  if (word === 'key') {
    return "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin."
  }
  if (word === 'team') {
    return `Authentication Error, Team=${id} is blocked. Update via \`/team/unblock\` if your admin.`
  }
  return `Authentication Error, User=${id} is blocked.`
}

export function expiredText(row: PolicyRow | null, nowMs: number): string {
  const expiry = isoMicros(row?.expiresAtMs ?? nowMs)
  return `Authentication Error - Expired Key. Key Expiry time ${expiry} and current time ${isoMicros(nowMs)}`
}

export interface ModelRefusal {
  readonly status: number
  readonly message: string
  readonly type: string
}

/** How a model is refused that a row's list does not name. */
export function modelRefusal(
  row: PolicyRow | null,
  { asked, rows }: { readonly asked: string; readonly rows: readonly PolicyRow[] },
): ModelRefusal {
  const { word, id } = row ? nameOf(row) : { word: 'key', id: '' }
  const models = row?.models ?? []
  if (word === 'user' && models.includes('no-default-models')) {
    const message =
      'User not allowed to access model. No default model access, only team models allowed. ' +
      `Tried to access ${asked}`
    return { status: 401, message, type: 'key_model_access_denied' }
  }
  const list = pythonList(models)
  if (word === 'member') {
    const message =
      `Team member not allowed to access model. User=${id}, Team=${accountOf(rows)}, ` +
      `Model=${asked}. Allowed member models = ${list}`
    return { status: 403, message, type: 'team_model_access_denied' }
  }
  const message =
    `${word} not allowed to access model. This ${word} can only access models=${list}. ` +
    `Tried to access ${asked}`
  return { status: 403, message, type: `${word}_model_access_denied` }
}

function ownerOf(row: PolicyRow | null, rows: readonly PolicyRow[]): string {
  if (!row) return `Account=${accountOf(rows)}`
  const { word, id } = nameOf(row)
  if (word === 'member') return `User=${id} in Team=${accountOf(rows)}`
  return `${word === 'key' ? 'Key' : word === 'team' ? 'Team' : 'User'}=${id}`
}

/** A key's windows go without its hash. */
function windowOwner({ scope }: Refusal, rows: readonly PolicyRow[]): string {
  return scope && nameOf(scope).word === 'key' ? 'Key' : ownerOf(scope, rows)
}

/** The limit by all that names it. */
function whole({ scope, model, budget }: Refusal, rows: readonly PolicyRow[]): string {
  const named = model === null ? '' : `, Model=${model}`
  const window = budget === null || budget === 'main' ? '' : ` over ${budget}`
  return `${ownerOf(scope, rows)}${named}${window}.`
}

function dollars(pico: Pico, digits: number): string {
  return `$${picoToUsd(pico).toFixed(digits)}`
}

function pythonList(items: readonly string[]): string {
  return `[${items.map((item) => `'${item}'`).join(', ')}]`
}
