import { describe, log } from '../log.ts'
import { costOf } from '../pricing/cost.ts'
import { StreamTap } from '../upstream/stream-tap.ts'
import { type Attempt, timedOut, whenTight } from './attempt.ts'
import { type Charge, counted, cutShort, held, named, reported } from './charge.ts'
import { ClientWriter } from './client-writer.ts'
import { callHeaders, spendHeaders } from './headers.ts'

const encoder = new TextEncoder()

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
  const headers = { ...callHeaders(call), ...spendHeaders(attempt.admission, 0n) }
  headers['content-type'] = upstream.headers.get('content-type') ?? 'text/event-stream'
  headers['cache-control'] = 'no-cache'
  respond(new Response(readable, { status: upstream.status, headers }))

  const tap = new StreamTap({ hideUsage: call.body.streamOptions?.['include_usage'] !== true })
  const broken = await pump(attempt, upstream, { tap, client })
  const settled = settle(chargeOf(attempt, tap, broken))
  await whenTight(attempt, settled)
  // What is left of a broken stream is half an event, and would hide the error behind it.
  for (const chunk of broken ? [errorEvent(attempt)] : tap.end()) await client.write(chunk)
  await client.close()
  await settled
}

/** True if the provider broke off before its end. */
async function pump(
  attempt: Attempt,
  upstream: Response,
  { tap, client }: { readonly tap: StreamTap; readonly client: ClientWriter },
): Promise<boolean> {
  const { call, deadline, saw } = attempt
  const reader = upstream.body?.getReader()
  if (!reader) return false
  try {
    while (!tap.sawDone) {
      const read = reader.read()
      const { done, value } = await deadline.within(call.deployment.streamTimeoutMs, read)
      if (done) return false
      for (const chunk of tap.push(value)) await client.write(chunk)
      const { inputTokens } = call.estimate
      saw(costOf(call.price, { inputTokens, outputTokens: tap.outputTokensSeen }))
    }
    // Nothing after the end is anybody's; a provider that keeps the line open is not waited for.
    reader.cancel().catch(() => undefined)
    return false
  } catch (error) {
    const reason = deadline.cut ?? describe(error)
    log('warn', 'stream_broke_off', { id: call.id, model: call.deployment.id, reason })
    reader.cancel().catch(() => undefined)
    return true
  }
}

function chargeOf({ call, deadline }: Attempt, tap: StreamTap, broken: boolean): Charge {
  const { usage, outputTokensSeen: outputTokens } = tap
  const reason = deadline.cut ?? 'stream broke off'
  if (broken && tap.events === 0) return held(call, reason)
  if (broken) return named(cutShort(call, { usage, outputTokens }, reason), tap)
  if (usage) return named(reported(call, usage), tap)
  return named(counted(call, outputTokens, 'no usage'), tap)
}

/** What LiteLLM sends when a stream fails midway: clients raise it instead of ending quietly. */
function errorEvent({ call, deadline }: Attempt): Uint8Array {
  const message = 'The provider broke off the stream.'
  const error =
    deadline.cut === 'timeout'
      ? timedOut(call).toJSON().error
      : { message, type: 'provider_error', param: null, code: '502' }
  return encoder.encode(`\n\ndata: ${JSON.stringify({ error })}\n\n`)
}
