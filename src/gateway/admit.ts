import { withRow } from '../auth/authenticate.ts'
import { type Caller, payer } from '../auth/caller.ts'
import type { Config, Deployment, Price } from '../config/config.ts'
import { resolveGroup } from '../config/models.ts'
import type { AccountRef } from '../db/accounts.ts'
import { ApiError, badRequest, unavailable } from '../errors.ts'
import { entryId } from '../ids.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { EntryDetail, PolicyRow } from '../ledger/types.ts'
import { estimate } from '../pricing/estimate.ts'
import { checkModelAccess } from './access.ts'
import type { LlmBody } from './body.ts'
import type { Admission, Call } from './call.ts'
import type { Endpoint } from './endpoints.ts'
import { refusalError } from './refusals.ts'

/** How often a decision starts again because the ledger knew a newer row. */
const STALE_MAX = 2

export interface AdmitDeps {
  readonly config: Config
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
  /** Keeps what the ledger knew better for the caller's next request. */
  readonly remember: (caller: Caller) => void
  readonly nowMs: () => number
}

export interface LlmRequest {
  readonly caller: Caller
  readonly callId: string
  readonly endpoint: Endpoint
  readonly body: LlmBody
  readonly clientSignal: AbortSignal
}

/** Model group → access → estimate → reserve. Throws what the client is told if it is refused. */
export async function admit(
  deps: AdmitDeps,
  request: LlmRequest,
): Promise<{ readonly call: Call; readonly admission: Admission }> {
  const startedMs = deps.nowMs()
  let { caller } = request
  for (let tries = 0; tries <= STALE_MAX; tries++) {
    const call = prepare(deps, { ...request, caller }, startedMs)
    const { id, rows, estimate: money } = call
    const { expectedPico, boundPico, expectedTokens } = money
    const detail = detailOf(call, caller)
    const answer = await call.ledger.reserve({
      id,
      rows,
      expectedPico,
      boundPico,
      expectedTokens,
      detail,
    })
    if (answer.kind === 'admitted') return { call, admission: answer }
    if (answer.kind === 'refused') {
      throw refusalError(answer.refusal, {
        era: deps.config.settings.budgetExceeded,
        keyName: caller.kind === 'key' ? caller.record.name : '',
        nowMs: deps.nowMs(),
      })
    }
    caller = withRow(caller, answer.row)
    deps.remember(caller)
  }
  throw unavailable('The limits of this key are being changed. Please try again.')
}

function prepare(deps: AdmitDeps, request: LlmRequest, startedMs: number): Call {
  const { config } = deps
  const { caller, callId, endpoint, body, clientSignal } = request
  const { accountId, generation, rows } = payer(caller)
  const resolved = body.model === null ? null : resolveGroup(config, body.model)
  if (body.model === null || !resolved) throw unknownModel(endpoint, body.model)
  checkModelAccess(rows, body.model)
  const deployment = pick(resolved.deployments)
  const { group } = resolved
  const price = priceOf({ group, deployment }, rows)
  const { mediaBytes, otherMediaBytes, mediaCount } = body.object
  const size = {
    bodyBytes: body.bytes.length,
    mediaBytes: mediaBytes + otherMediaBytes,
    mediaCount,
    outputCap: body.outputCap,
    answers: body.answers,
    hasOutput: endpoint.hasOutput,
  }
  return {
    id: entryId(startedMs),
    callId,
    endpoint,
    body,
    group,
    deployment,
    price,
    rows,
    startedMs,
    clientSignal,
    ledger: deps.ledgerOf({ accountId, generation }),
    estimate: estimate(size, price, {
      defaultOutputTokens: config.settings.defaultEstimatedOutputTokens,
      maxOutputTokens: deployment.maxOutputTokens,
    }),
  }
}

/** Rows of one group share the calls by weight. */
function pick(deployments: readonly Deployment[]): Deployment {
  const total = deployments.reduce((sum, { weight }) => sum + weight, 0)
  let at = Math.random() * total
  for (const deployment of deployments) {
    at -= deployment.weight
    if (at < 0) return deployment
  }
  const [first] = deployments
  if (!first) throw new Error('a model group without deployments')
  return first
}

const FREE: Price = { inputPico: 0n, outputPico: 0n }

/** Without a price a budget can't hold, so a caller who has one is refused. */
function priceOf(
  { group, deployment }: { readonly group: string; readonly deployment: Deployment },
  rows: readonly PolicyRow[],
): Price {
  if (deployment.price) return deployment.price
  const hasBudget = rows.some(({ budgets }) => budgets.some(({ limitPico }) => limitPico !== null))
  if (!hasBudget || deployment.local) return FREE
  throw badRequest(
    `Model ${group} has no price, so no budget can be held against it. Add ` +
      'input_cost_per_token and output_cost_per_token to its litellm_params in config.yaml ' +
      '(0 is a price).',
    'model',
  )
}

function unknownModel(endpoint: Endpoint, model: string | null): ApiError {
  const name = model === null ? 'None' : model.slice(0, 256)
  return new ApiError(
    400,
    `{'error': '${endpoint.path}: Invalid model name passed in model=${name}. ` +
      "Call `/v1/models` to view available models for your key.'}",
  )
}

function detailOf(call: Call, caller: Caller): EntryDetail {
  const record = caller.kind === 'key' ? caller.record : null
  const { deployment, body } = call
  return {
    callId: call.callId,
    keyHash: caller.hash,
    keyAlias: record?.alias ?? null,
    teamId: record?.teamId ?? null,
    teamAlias: record?.teamAlias ?? null,
    userId: record ? record.userId : caller.kind === 'admin' ? caller.userId : null,
    endUser: body.endUser,
    callType: call.endpoint.callType,
    modelGroup: call.group,
    model: deployment.model,
    modelId: deployment.id,
    provider: deployment.provider,
    stream: body.stream,
    priced: deployment.price !== null,
  }
}
