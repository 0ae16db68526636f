import { ApiError } from '../errors.ts'
import type { ScopeState } from '../ledger/types.ts'
import { describe, log } from '../log.ts'
import type { Pico } from '../money.ts'
import { send } from '../upstream/send.ts'
import { type Attempt, badGateway, timedOut } from './attempt.ts'
import type { Admission, Call } from './call.ts'
import { held } from './charge.ts'
import { Deadline } from './deadline.ts'
import { relayStream } from './relay-stream.ts'
import { readLimited, relayWhole } from './relay-whole.ts'

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
  const settle: Attempt['settle'] = (charge) => {
    const { pico: chargePico, tokens, detail } = charge
    settled ??= call.ledger.settle({ id: call.id, rows: call.rows, chargePico, tokens, detail })
    return settled
  }
  const release: Attempt['release'] = (detail) => {
    released = true
    return call.ledger.release(call.id, { ...detail, status: 'failure' })
  }
  const saw = (pico: Pico): void => {
    seenPico = pico
  }
  try {
    await run({ call, admission, deadline, respond, saw, settle, release })
  } catch (error) {
    if (!(error instanceof ApiError)) {
      log('error', 'attempt_failed', { id: call.id, error: describe(error) })
      if (!released) void settle(held(call, 'internal error'))
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
  const { bytes, object, stream, streamOptions } = call.body
  const outgoing = { path: call.endpoint.path, bytes, object, stream, streamOptions }
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
      send(call.deployment, { ...outgoing, nowMs: call.startedMs }, deadline.signal),
    )
  } catch (error) {
    if (deadline.cut) {
      await settle(held(call, deadline.cut))
      throw timedOut(call)
    }
    log('warn', 'provider_unreachable', { model: call.deployment.id, error: describe(error) })
    // The runtime does not say whether a connection was refused or lost. A refused one fails at
    // once; on a lost one the provider may have worked.
    if (Date.now() - sentMs <= REFUSED_WITHIN_MS) {
      await attempt.release({ reason: 'provider unreachable' })
    } else await settle(held(call, 'connection lost'))
    throw badGateway('The provider could not be reached, or broke off before it answered.')
  }
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
    const init = { 'content-type': type, ...(retry ? { 'retry-after': retry } : {}) }
    respond(new Response(body.bytes, { status, headers: init }))
    return released
  }
  await released
  const text = `The provider answered ${status} with ${type.slice(0, 80) || 'no content type'}.`
  throw status < 400 || status > 599
    ? badGateway(text)
    : new ApiError(status, text, { type: 'provider_error', param: null })
}
