import { describe, log } from '../log.ts'
import type { RefusalReason } from '../ledger/types.ts'
import { sendTokenCount } from '../upstream/messages/native.ts'
import { redactKey } from '../upstream/redact.ts'
import { type AdmitDeps, ask, refusedCall } from './admit.ts'
import type { Call } from './call.ts'
import type { LlmRequest } from './prepare.ts'
import { badGateway, timedOut } from './relay/attempt.ts'
import { Deadline } from './relay/deadline.ts'
import { readLimited } from './relay/whole.ts'

/** Counting costs nothing, so that money and rates do not stand against it. */
const REFUSED_FOR: ReadonlySet<RefusalReason> = new Set(['deleted', 'blocked', 'expired', 'model'])
const ANSWER_MAX_BYTES = 64 * 1024

/** `{"input_tokens"}` of a message: Anthropic's own count for its models, else our estimate. */
export async function countTokens(deps: AdmitDeps, request: LlmRequest): Promise<Response> {
  const { call, caller, answer } = await ask(deps, request, ({ ledger }, reserve) =>
    ledger.decide(reserve),
  )
  const { refusal } = answer
  if (refusal && REFUSED_FOR.has(refusal.reason)) throw refusedCall(deps, { call, caller }, refusal)
  return call.wire.kind === 'native'
    ? askProvider(call, call.wire.request)
    : Response.json({ input_tokens: call.estimate.inputTokens })
}

async function askProvider(
  call: Call,
  request: Parameters<typeof sendTokenCount>[1]['request'],
): Promise<Response> {
  const { deployment, body, clientSignal } = call
  const deadline = new Deadline(clientSignal)
  const silenceMs = deployment.timeoutMs
  try {
    const sent = sendTokenCount(deployment, { ...body, request }, deadline.signal)
    const upstream = await deadline.within(silenceMs, sent)
    const limits = { maxBytes: ANSWER_MAX_BYTES, silenceMs }
    const { bytes, isWhole } = await readLimited(deadline, upstream, limits)
    const { status, headers } = upstream
    const isJson = /\bjson\b/i.test(headers.get('content-type') ?? '')
    if (isWhole && isJson && (upstream.ok || status >= 400)) {
      const told = redactKey(bytes, deployment.apiKey)
      return new Response(told, { status, headers: { 'content-type': 'application/json' } })
    }
  } catch (error) {
    if (deadline.cut) throw timedOut(call)
    log('warn', 'provider_unreachable', { model: deployment.id, error: describe(error) })
  } finally {
    deadline.stop()
  }
  throw badGateway('The provider did not count the tokens.')
}
