import { type Caller, payer } from '../auth/caller.ts'
import type { Config, Deployment } from '../config/config.ts'
import type { AccountRef } from '../db/accounts.ts'
import { ApiError, badRequest } from '../errors.ts'
import { entryId } from '../ids.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { CallPolicy } from '../ledger/policy.ts'
import { scopesOf } from '../ledger/scopes.ts'
import { estimate } from '../pricing/estimate.ts'
import { type Price, UNPRICED } from '../pricing/rates.ts'
import { wireFor } from '../upstream/wire.ts'
import type { LlmBody } from './body.ts'
import type { Call } from './call.ts'
import type { Endpoint } from './endpoints.ts'
import { meantModel } from './models.ts'
import { sizeOf } from './request-size.ts'

export interface PrepareDeps {
  readonly config: Config
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

export interface LlmRequest {
  readonly caller: Caller
  readonly callId: string
  readonly endpoint: Endpoint
  readonly body: LlmBody
  /** The client's; of these only what the provider's API asks for goes on. */
  readonly headers: Headers
  readonly clientSignal: AbortSignal
  /** Keeps what the call goes on from: only its provider can answer. */
  readonly previous?: Deployment | null
}

/** Model group → deployment → price → estimate. Throws 400 for what can't be called. */
export function prepare(deps: PrepareDeps, request: LlmRequest, startedMs: number): Call {
  const { config } = deps
  const { caller, callId, endpoint, body, headers, clientSignal } = request
  const { accountId, generation, rows } = payer(caller)
  const meant = body.model === null ? null : meantModel(config, rows, body.model)
  if (!meant) throw unknownModel(endpoint, body.model)
  const { model, group } = meant
  const { budgetEnforcement: enforcement, memberRateLimits: memberRates } = config.settings
  const policy: CallPolicy = { rows, model, defaults: { enforcement, memberRates } }
  const deployment = pick(sameProvider(meant.deployments, request.previous ?? null))
  const price = priceOf({ group, deployment }, policy, startedMs)
  return {
    id: entryId(startedMs),
    callId,
    endpoint,
    body,
    group,
    deployment,
    wire: wireFor(deployment, { ...endpoint, ...body, headers }),
    price,
    policy,
    startedMs,
    clientSignal,
    ledger: deps.ledgerOf({ accountId, generation }),
    estimate: estimate(sizeOf(body, endpoint, deployment), price, {
      atMs: startedMs,
      maxInputTokens: deployment.maxInputTokens,
      defaultOutputTokens: config.settings.defaultEstimatedOutputTokens,
      maxOutputTokens: deployment.maxOutputTokens,
    }),
  }
}

/** The deployments that know what another one keeps: itself, or those of the same provider and key. */
function sameProvider(
  deployments: readonly Deployment[],
  previous: Deployment | null,
): readonly Deployment[] {
  if (!previous) return deployments
  const own = deployments.filter(({ id }) => id === previous.id)
  const like = deployments.filter(
    ({ apiBase, apiKey }) => apiBase === previous.apiBase && apiKey === previous.apiKey,
  )
  if (own.length + like.length > 0) return own.length > 0 ? own : like
  throw badRequest(
    'previous_response_id: that response is kept by another provider than the model asked for',
    'previous_response_id',
  )
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

/** Without a price a budget can't hold, so a caller who has one that binds is refused. */
function priceOf(
  { group, deployment }: { readonly group: string; readonly deployment: Deployment },
  policy: CallPolicy,
  nowMs: number,
): Price {
  if (deployment.price) return deployment.price
  const isBound = scopesOf(policy, nowMs).some(
    ({ enforcement, budgets }) =>
      enforcement !== 'observe' && budgets.some(({ limitPico }) => limitPico !== null),
  )
  if (!isBound) return UNPRICED
  throw badRequest(
    `Model ${group} has no price, so no budget can be held against it. Add ` +
      'input_cost_per_token and output_cost_per_token to its litellm_params in config.yaml ' +
      '(0 is a price), or base_model to its model_info if its price is known by another name.',
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
