import { isModelAllowed } from '../../auth/jwt/scopes.ts'
import { type Caller, payer } from '../../auth/caller.ts'
import type { Deployment } from '../../config/config.ts'
import { isDatabaseDown } from '../../db/failures.ts'
import { findResponseMaker, type ResponseMaker } from '../../db/responses.ts'
import { ApiError, unavailable } from '../../errors.ts'
import type { Deps } from '../../http.ts'
import { isAllowed } from '../../ledger/access.ts'
import { describe, log } from '../../log.ts'
import { meantModel } from '../models.ts'

const ID = /^[A-Za-z0-9_-]{1,256}$/

/** Where a response of the caller's account is kept; null: it has none of that id. Throws 503. */
export async function deploymentOf(
  deps: Deps,
  caller: Caller,
  responseId: string,
): Promise<Deployment | null> {
  if (!ID.test(responseId)) return null
  const maker = await makerOf(deps, caller, responseId)
  const deployment = maker && deps.config.index.byId.get(maker.modelId)
  if (!deployment) return null
  const { rows } = payer(caller)
  const meant = meantModel(deps.config, rows, maker.modelGroup)
  const model = meant?.model ?? deployment.group
  const scoped = caller.kind === 'jwt' ? caller.models : null
  const isMine =
    rows.every((row) => isAllowed(row.models, model)) && isModelAllowed(scoped, maker.modelGroup)
  return isMine ? deployment : null
}

/** Postgres may be behind: what it does not know yet is in the ledger. */
async function makerOf(
  { db, ledgerOf }: Deps,
  caller: Caller,
  responseId: string,
): Promise<ResponseMaker | null> {
  const { accountId, generation } = payer(caller)
  const ledger = ledgerOf({ accountId, generation })
  const [asked] = await Promise.allSettled([ledger.findResponse(responseId)])
  if (asked.status === 'fulfilled' && asked.value) return asked.value
  // Whoever has the master key may see all, as LiteLLM has it.
  const account = caller.kind === 'admin' ? null : { accountId, generation }
  try {
    const delivered = await findResponseMaker(db, responseId, account)
    // A ledger that could not be asked may know what Postgres does not yet.
    if (!delivered && asked.status === 'rejected') throw asked.reason
    return delivered
  } catch (error) {
    if (!isDatabaseDown(error)) throw error
    log('warn', 'response_lookup_failed', { error: describe(error) })
    throw unavailable('The database of responses cannot be reached right now. Please try again.')
  }
}

/** OpenAI's words; the same for a response of somebody else. */
export function noResponse(responseId: string): ApiError {
  const message = `Response with id '${responseId.slice(0, 256)}' not found.`
  return new ApiError(404, message, { type: 'invalid_request_error', param: null })
}

export function noPreviousResponse(responseId: string): ApiError {
  const message = `Previous response with id '${responseId.slice(0, 256)}' not found.`
  const param = 'previous_response_id'
  return new ApiError(404, message, { type: 'invalid_request_error', param })
}
