import { ApiError } from '../errors.ts'
import type { ScopeState } from '../ledger/types.ts'
import { describe, log } from '../log.ts'
import type { Pico } from '../money.ts'
import { send } from '../upstream/send.ts'
import { type Attempt, badGateway, release, timedOut } from './attempt.ts'
import type { Admission, Call } from './call.ts'
import { held } from './charge.ts'
import { Deadline } from './deadline.ts'
import { relayStream } from './relay-stream.ts'
import { readLimited, relayWhole } from './relay-whole.ts'

const RENEW_EVERY_MS = 60_000
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
  const saw = (pico: Pico): void => {
    seenPico = pico
  }
  try {
    await run({ call, admission, deadline, respond, saw, settle })
  } catch (error) {
    if (!(error instanceof ApiError)) {
      log('error', 'attempt_failed', { id: call.id, error: describe(error) })
      void settle(held(call, 'internal error'))
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
  if (/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) return relayWhole(attempt, upstream)
  await upstream.body?.cancel()
  await release(attempt, { reason: 'not JSON', statusCode: upstream.status })
  throw badGateway(
    `The provider answered with ${type.slice(0, 80) || 'no content type'}, not JSON.`,
  )
}

/** Until the provider's headers: a silent one is charged its hold, an unreachable one nothing. */
async function headers(attempt: Attempt): Promise<Response> {
  const { call, deadline, settle } = attempt
  const { bytes, object, stream, streamOptions } = call.body
  const outgoing = { path: call.endpoint.path, bytes, object, stream, streamOptions }
  const { timeoutMs, streamTimeoutMs } = call.deployment
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
    await release(attempt, { reason: 'provider unreachable' })
    throw badGateway('The provider could not be reached.')
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
  await release(attempt, { reason: 'provider error', statusCode: status })
  if (body?.isWhole && /\bjson\b/i.test(type) && status >= 400) {
    const retry = upstream.headers.get('retry-after')
    const init = { 'content-type': type, ...(retry ? { 'retry-after': retry } : {}) }
    respond(new Response(body.bytes, { status, headers: init }))
    return
  }
  const text = `The provider answered ${status} with ${type.slice(0, 80) || 'no content type'}.`
  throw status < 400
    ? badGateway(text)
    : new ApiError(status, text, { type: 'provider_error', param: null })
}
