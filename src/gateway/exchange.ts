import { ApiError } from '../errors.ts'
import type { ScopeState } from '../ledger/types.ts'
import { describe, log } from '../log.ts'
import type { Pico } from '../money.ts'
import { redactKey } from '../upstream/redact.ts'
import { type Outgoing, send } from '../upstream/send.ts'
import { type Attempt, badGateway, timedOut } from './relay/attempt.ts'
import { type Admission, type Call, capToSend } from './call.ts'
import { held } from './relay/charge.ts'
import { Deadline } from './relay/deadline.ts'
import { modeHeaders } from './headers.ts'
import { relayStream } from './relay/stream.ts'
import { readLimited, relayWhole } from './relay/whole.ts'
import { wouldRefuse } from './scope-names.ts'

const RENEW_EVERY_MS = 60_000
/** No model answers, and bills, in less. */
const REFUSED_WITHIN_MS = 50
const ERROR_BODY_MAX_BYTES = 1024 * 1024

/**
 * Fetch → relay → settle for an admitted call. Whatever ends it, its entry is settled or released;
 * the caller hands this promise to `waitUntil`, so it outlives a client that leaves.
 */
export async function exchange(
  call: Call,
  admission: Admission,
  respond: (response: Response) => void,
): Promise<void> {
  const deadline = new Deadline(call.clientSignal)
  let seenPico: Pico = 0n
  let settled: Promise<readonly ScopeState[] | null> | undefined
  let released = false
  const renewal = setInterval(() => {
    call.ledger.renew(call.id, seenPico).catch((error: unknown) => {
      log('warn', 'renew_failed', { id: call.id, error: describe(error) })
    })
  }, RENEW_EVERY_MS)
  const { wouldRefuse: refusal } = admission
  const observed = refusal ? { wouldRefuse: wouldRefuse(refusal) } : {}
  const settle: Attempt['settle'] = (charge) => {
    const { pico: chargePico, tokens } = charge
    const detail = { ...charge.detail, ...observed }
    settled ??= call.ledger.settle({ ...call.policy, id: call.id, chargePico, tokens, detail })
    return settled
  }
  const release: Attempt['release'] = (detail) => {
    released = true
    return call.ledger.release(call.id, { ...detail, ...observed, status: 'failure' })
  }
  const saw = (pico: Pico): void => {
    seenPico = pico
  }
  const attempt = { call, admission, deadline, respond, saw, settle, release }
  try {
    await run(attempt)
  } catch (error) {
    if (!(error instanceof ApiError)) {
      log('error', 'attempt_failed', { id: call.id, error: describe(error) })
      if (!released) void settle(held(attempt, 'internal error'))
    }
    throw error
  } finally {
    clearInterval(renewal)
    deadline.stop()
    await settled
  }
}

async function run(attempt: Attempt): Promise<void> {
  const upstream = await headers(attempt)
  const type = upstream.headers.get('content-type') ?? ''
  if (!upstream.ok) return failed(attempt, upstream, type)
  if (/^text\/event-stream\b/i.test(type)) return relayStream(attempt, upstream)
  return relayWhole(attempt, upstream)
}

/** Until the provider's headers: a silent one is charged its hold, an unreachable one nothing. */
async function headers(attempt: Attempt): Promise<Response> {
  const { call, deadline, settle } = attempt
  const { stream } = call.body
  const { timeoutMs, streamTimeoutMs } = call.deployment
  if (call.clientSignal.aborted) {
    await attempt.release({ reason: 'client left before the provider was called' })
    throw new ApiError(499, 'The client closed the request.', {
      type: 'client_closed',
      param: null,
    })
  }
  const sentMs = Date.now()
  try {
    return await deadline.within(
      stream ? streamTimeoutMs : timeoutMs,
      send(call.deployment, outgoing(attempt), deadline.signal),
    )
  } catch (error) {
    if (deadline.cut) {
      await settle(held(attempt, deadline.cut))
      throw timedOut(call)
    }
    log('warn', 'provider_unreachable', { model: call.deployment.id, error: describe(error) })
    // The runtime does not say whether a connection was refused or lost. A refused one fails at
    // once; on a lost one the provider may have worked.
    if (Date.now() - sentMs <= REFUSED_WITHIN_MS) {
      await attempt.release({ reason: 'provider unreachable' })
    } else await settle(held(attempt, 'connection lost'))
    throw badGateway('The provider could not be reached, or broke off before it answered.')
  }
}

/** The client's body, or what it was translated to. */
function outgoing({ call, admission }: Attempt): Outgoing {
  const { wire, body, endpoint, startedMs: nowMs } = call
  const { path, bytes, object } =
    wire.kind === 'translated' ? wire.translation : { ...body, path: endpoint.path }
  const { stream, streamOptions } = body
  const outputTokens = capToSend(call, admission)
  return { path, bytes, object, stream, streamOptions, outputTokens, nowMs, wire }
}

function errorForClient({ wire }: Call, bytes: Uint8Array, status: number): Uint8Array {
  return wire.kind === 'translated' ? wire.translation.error(bytes, status) : bytes
}

/** A provider's refusal, with its status and its body. It bills nothing. */
async function failed(attempt: Attempt, upstream: Response, type: string): Promise<void> {
  const { call, deadline, respond } = attempt
  const { status } = upstream
  const body = await readLimited(deadline, upstream, {
    maxBytes: ERROR_BODY_MAX_BYTES,
    silenceMs: call.deployment.timeoutMs,
  }).catch(() => null)
  const released = attempt.release({ reason: 'provider error', statusCode: status })
  if (body?.isWhole && /\bjson\b/i.test(type) && status >= 400 && status <= 599) {
    const retry = upstream.headers.get('retry-after')
    const told = { ...modeHeaders(call, attempt.admission), 'content-type': type }
    const init = retry ? { ...told, 'retry-after': retry } : told
    const bytes = redactKey(body.bytes, call.deployment.apiKey)
    respond(new Response(errorForClient(call, bytes, status), { status, headers: init }))
    return released
  }
  await released
  const text = `The provider answered ${status} with ${type.slice(0, 80) || 'no content type'}.`
  throw status < 400 || status > 599
    ? badGateway(text)
    : new ApiError(status, text, { type: 'provider_error', param: null })
}
