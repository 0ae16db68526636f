import { withRows } from '../auth/authenticate.ts'
import { type Caller, keyHashOf } from '../auth/caller.ts'
import { secretRefusal } from '../auth/check-key.ts'
import { type ApiError, unavailable } from '../errors.ts'
import type { EntryDetail, Refusal, ReserveRequest, Stale } from '../ledger/types.ts'
import { log } from '../log.ts'
import type { Admission, Call } from './call.ts'
import { type LlmRequest, prepare, type PrepareDeps } from './prepare.ts'
import { refusalError } from './refusal/error.ts'
import { nameOf } from './scope-names.ts'

/** How often a decision starts again because the ledger knew a newer row. */
const STALE_MAX = 2

export interface AdmitDeps extends PrepareDeps {
  /** Keeps what the ledger knew better for the caller's next request. */
  readonly remember: (caller: Caller) => void
  /** The caller as Postgres has it now: newer rows alone can't say who pays. */
  readonly refetch: (caller: Caller) => Promise<Caller>
  readonly nowMs: () => number
}

/** Model group → estimate → reserve. Throws what the client is told if it is refused. */
export async function admit(
  deps: AdmitDeps,
  request: LlmRequest,
): Promise<{ readonly call: Call; readonly admission: Admission }> {
  const { call, caller, answer } = await ask(deps, request, ({ ledger }, reserve) =>
    ledger.reserve(reserve),
  )
  if (answer.kind === 'refused') throw refusedCall(deps, { call, caller }, answer.refusal)
  if (answer.wouldRefuse) noteRefusal(call, answer.wouldRefuse)
  return { call, admission: answer }
}

/** A ledger's answer that is about the rows as they are now, and the call that it is for. */
export async function ask<A extends { readonly kind: string }>(
  deps: AdmitDeps,
  request: LlmRequest,
  send: (call: Call, reserve: ReserveRequest) => Promise<A | Stale>,
): Promise<{ readonly call: Call; readonly caller: Caller; readonly answer: A }> {
  const startedMs = deps.nowMs()
  let { caller } = request
  for (let tries = 0; tries <= STALE_MAX; tries++) {
    const refusal = secretRefusal(caller, { path: request.endpoint.path, nowMs: startedMs })
    const call = prepared(deps, { ...request, caller }, { startedMs, refusal })
    const reserve = reserveRequest(deps, call, caller)
    // A row from a cache may forbid what is allowed by now: only the ledger knows.
    const answer = refusal
      ? await staleOr(refusal, call.ledger.decide(reserve))
      : await send(call, reserve)
    if (!isStale(answer)) return { call, caller, answer }
    caller = withRows(caller, answer.rows) ?? (await deps.refetch(caller))
    deps.remember(caller)
  }
  throw unavailable('The limits of this key are being changed. Please try again.')
}

interface Checked {
  readonly startedMs: number
  readonly refusal: ApiError | null
}

/** Whoever is refused anyhow learns nothing of the models. */
function prepared(deps: AdmitDeps, request: LlmRequest, { startedMs, refusal }: Checked): Call {
  try {
    return prepare(deps, request, startedMs)
  } catch (error) {
    throw refusal ?? error
  }
}

async function staleOr(
  refusal: ApiError,
  answered: Promise<{ readonly kind: string } | Stale>,
): Promise<Stale> {
  const answer = await answered
  if (isStale(answer)) return answer
  throw refusal
}

function isStale<A extends { readonly kind: string }>(answer: A | Stale): answer is Stale {
  return answer.kind === 'stale'
}

function reserveRequest({ config }: AdmitDeps, call: Call, caller: Caller): ReserveRequest {
  const { id, policy } = call
  const { expectedPico, boundPico, boundOutput, expectedTokens } = call.estimate
  const { strictClamp, strictMinOutputTokens } = config.settings
  // A client's own cap may be below the floor: it is not lowered then, and never raised.
  const floor = Math.min(strictMinOutputTokens, boundOutput?.tokens ?? 0)
  return {
    ...policy,
    id,
    expectedPico,
    boundPico,
    expectedTokens,
    detail: detailOf(call, caller),
    ...(boundOutput && { output: { ...boundOutput, floorTokens: strictClamp ? floor : null } }),
  }
}

/** A refusal as the client is told it. */
export function refusedCall(
  { config, nowMs }: AdmitDeps,
  { call, caller }: { readonly call: Call; readonly caller: Caller },
  refusal: Refusal,
): ApiError {
  return refusalError(refusal, {
    era: config.settings.budgetExceeded,
    keyName: caller.kind === 'key' ? caller.record.name : '',
    model: call.policy.model ?? call.group,
    rows: call.policy.rows,
    boundPico: call.estimate.boundPico,
    nowMs: nowMs(),
  })
}

/** An observed refusal is for the operator to see, before it is switched on. */
function noteRefusal({ id, policy }: Call, { scope, reason, budget, model }: Refusal): void {
  const account = policy.rows.find(({ kind }) => kind === 'account')?.id ?? null
  const by = scope && nameOf(scope).word
  log('info', 'would_refuse', { id, account, scope: by, reason, budget, model })
}

function detailOf(call: Call, caller: Caller): EntryDetail {
  const record = caller.kind === 'admin' ? null : caller.record
  const { deployment, body } = call
  return {
    callId: call.callId,
    keyHash: keyHashOf(caller),
    keyAlias: record?.alias ?? null,
    teamId: record?.teamId ?? null,
    teamAlias: record?.teamAlias ?? null,
    userId: caller.kind === 'admin' ? caller.userId : caller.record.userId,
    endUser: (caller.kind === 'jwt' ? caller.endUser : null) ?? body.endUser,
    callType: call.endpoint.callType,
    modelGroup: call.group,
    model: deployment.model,
    modelId: deployment.id,
    provider: deployment.provider,
    stream: body.stream,
    priced: deployment.price !== null,
  }
}
