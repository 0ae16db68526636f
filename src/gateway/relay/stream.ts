import { ApiError } from '../../errors.ts'
import { describe, log } from '../../log.ts'
import { encodeEvent } from '../../upstream/messages/stream.ts'
import { anthropicError } from '../../upstream/messages/errors.ts'
import { type Attempt, badGateway, timedOut, whenTight } from './attempt.ts'
import type { Call } from '../call.ts'
import { type Charge, costOfCount, counted, cutShort, held, named, reported } from './charge.ts'
import { ClientWriter } from './client-writer.ts'
import { answerHeaders } from '../headers.ts'
import { type Passage, passageFor, type Tap } from './passage.ts'

const encoder = new TextEncoder()
const BROKE_OFF = 'stream broke off'
const PAST_HOLD = 'past its hold'
const ENDLESS = 'endless'
/** No model writes as much or as long, whatever it sends beside its words. */
const STREAM_MAX_BYTES = 512 * 1024 * 1024
const STREAM_MAX_MS = 3_600_000

/**
 * An event stream: bytes pass as they come, a tap reads the usage beside them. A client that
 * leaves is not waited for; the provider is read on for a while, because only its end tells the cost.
 */
export async function relayStream(attempt: Attempt, upstream: Response): Promise<void> {
  const { call, settle, respond } = attempt
  const { readable, writable } = new IdentityTransformStream()
  const client = new ClientWriter(writable.getWriter(), {
    left: call.clientSignal,
    stallMs: call.deployment.streamTimeoutMs,
  })
  const headers = answerHeaders(call, attempt.admission, null)
  headers['content-type'] = upstream.headers.get('content-type') ?? 'text/event-stream'
  headers['cache-control'] = 'no-cache'
  respond(new Response(readable, { status: upstream.status, headers }))

  const passage = passageFor(call)
  const { tap } = passage
  const broken = await pump(attempt, upstream, { passage, client })
  const settled = settle(chargeOf(attempt, tap, broken))
  await whenTight(attempt, settled)
  // What is left of a broken stream is half an event, and would hide the error behind it.
  for (const chunk of broken ? [errorEvent(call, broken)] : passage.end()) await client.write(chunk)
  await client.close()
  await settled
}

/** Why the stream ended before its end; null: it did not. */
async function pump(
  attempt: Attempt,
  upstream: Response,
  { passage, client }: { readonly passage: Passage; readonly client: ClientWriter },
): Promise<string | null> {
  const { call, deadline, saw } = attempt
  const { tap } = passage
  const reader = upstream.body?.getReader()
  if (!reader) return null
  const beganMs = Date.now()
  let length = 0
  try {
    while (!tap.sawDone) {
      const read = reader.read()
      const { done, value } = await deadline.within(call.deployment.streamTimeoutMs, read)
      if (done) return null
      length += value.length
      const chunks = passage.push(value)
      if (isPastHold(attempt, tap)) throw new Cut(PAST_HOLD)
      if (length > STREAM_MAX_BYTES || Date.now() - beganMs > STREAM_MAX_MS) {
        throw new Cut(ENDLESS)
      }
      for (const chunk of chunks) await client.write(chunk)
      saw(costOfCount(call, tap.outputTokensSeen))
    }
    // Nothing after the end is anybody's; a provider that keeps the line open is not waited for.
    reader.cancel().catch(() => undefined)
    return null
  } catch (error) {
    const cut = error instanceof Cut ? error.message : deadline.cut
    const reason = cut ?? describe(error)
    log('warn', 'stream_broke_off', { id: call.id, model: call.deployment.id, reason })
    reader.cancel().catch(() => undefined)
    return cut ?? BROKE_OFF
  }
}

/** Why we end a stream ourselves. */
class Cut extends Error {}

/**
 * Strict: a provider that ignores its cap would pass the budget with the rest. Only tokens that were
 * certainly written count, beside the input as expected, so that no honest answer is cut.
 */
function isPastHold({ call, admission }: Attempt, tap: Tap): boolean {
  if (admission.outputTokens === null || tap.sawDone) return false
  return costOfCount(call, tap.outputTokensCertain) > admission.heldPico
}

function chargeOf(attempt: Attempt, tap: Tap, broken: string | null): Charge {
  const { call } = attempt
  const { usage, outputTokensSeen: outputTokens } = tap
  if (broken !== null && tap.events === 0) return held(attempt, broken)
  const seen = { usage, outputTokens, responseModel: tap.responseModel }
  if (broken !== null) return named(cutShort(call, seen, broken), tap)
  if (usage) return named(reported(call, usage, tap.responseModel), tap)
  return named(counted(call, outputTokens, 'no usage'), tap)
}

/** What LiteLLM sends when a stream fails midway: clients raise it instead of ending quietly. */
function errorEvent(call: Call, reason: string): Uint8Array {
  const error = errorFor(call, reason)
  if (call.endpoint.dialect === 'anthropic') return encodeEvent({ ...anthropicError(error) })
  return encoder.encode(`\n\ndata: ${JSON.stringify(error)}\n\n`)
}

function errorFor(call: Call, reason: string): ApiError {
  if (reason === 'timeout') return timedOut(call)
  if (reason === ENDLESS) return badGateway('The provider did not come to an end.')
  if (reason !== PAST_HOLD) return badGateway('The provider broke off the stream.')
  const message = 'The answer ran past what its budget had set aside for it.'
  return new ApiError(400, message, { type: 'budget_exceeded', param: null })
}
