import { redactKey } from '../../upstream/redact.ts'
import { type BodyFacts, readBody } from '../../upstream/usage.ts'
import { type Attempt, badGateway, timedOut, whenTight } from './attempt.ts'
import { concat } from '../body.ts'
import type { Call } from '../call.ts'
import { type Charge, counted, held, named, reported } from './charge.ts'
import { countOutputTokens } from './count-output.ts'
import type { Deadline } from './deadline.ts'
import { answerHeaders } from '../headers.ts'

/** An answer is held whole, so that its cost can be in the headers before it. */
const ANSWER_MAX_BYTES = 48 * 1024 * 1024

/** A JSON answer: read, charged by its usage, passed on byte for byte. */
export async function relayWhole(attempt: Attempt, upstream: Response): Promise<void> {
  const { call, deadline, settle, respond } = attempt
  const limits = { maxBytes: ANSWER_MAX_BYTES, silenceMs: call.deployment.timeoutMs }
  const body = await readLimited(deadline, upstream, limits).catch(() => null)
  if (body?.isWhole && !looksLikeJson(body.bytes)) {
    await attempt.release({ reason: 'not JSON', statusCode: upstream.status })
    const type = upstream.headers.get('content-type') ?? 'no content type'
    throw badGateway(`The provider answered with ${type.slice(0, 80)}, not JSON.`)
  }
  if (!body?.isWhole || !isComplete(body.bytes)) {
    await settle(held(attempt, deadline.cut ?? (body ? 'answer too large' : 'answer cut off')))
    if (deadline.cut === 'timeout') throw timedOut(call)
    throw badGateway('The provider broke off its answer.')
  }
  const facts = readBody(body.bytes)
  const charge = chargeOf(attempt, facts, body.bytes)
  const settled = settle(charge)
  await whenTight(attempt, settled)
  if (!facts.isJson) throw badGateway('The provider answered with broken JSON.')
  const answer = forClient(call, charge, body.bytes)
  if (!answer) throw badGateway('The provider answered with something that is no chat completion.')
  const headers = answerHeaders(call, attempt.admission, charge.pico)
  const type = upstream.headers.get('content-type') ?? ''
  headers['content-type'] = /\bjson\b/i.test(type) ? type : 'application/json'
  respond(new Response(answer, { status: upstream.status, headers }))
}

/** The answer in the client's API; null: it can't be said there. */
function forClient(call: Call, charge: Charge, bytes: Uint8Array): Uint8Array | null {
  const { wire, deployment } = call
  if (wire.kind === 'translated') return wire.translation.answer(bytes)
  // Errors come as answers, too, without a usage; some quote the key.
  const isCounted = charge.detail['usageSource'] === 'counted'
  return isCounted ? redactKey(bytes, deployment.apiKey) : bytes
}

function chargeOf({ call }: Attempt, answer: BodyFacts, bytes: Uint8Array): Charge {
  const { usage } = answer
  const outputTokens = usage || !call.endpoint.hasOutput ? 0 : countOutputTokens(bytes)
  const charge = usage
    ? reported(call, usage, answer.responseModel)
    : counted(call, outputTokens, 'no usage')
  return named(charge, answer)
}

/** Whatever its type says: a page of HTML is nobody's answer, and nobody bills it. */
function looksLikeJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte > 0x20)
  return first === undefined || first === 0x7b || first === 0x5b
}

/** A last look, far cheaper than parsing: a cut answer does not end its object. */
function isComplete(bytes: Uint8Array): boolean {
  let at = bytes.length - 1
  while (at >= 0 && bytes[at]! <= 0x20) at--
  return bytes[at] === 0x7d || bytes[at] === 0x5d
}

/** A body up to `maxBytes`; what is longer is cancelled and not whole. Throws if it breaks off. */
export async function readLimited(
  deadline: Deadline,
  upstream: Response,
  { maxBytes, silenceMs }: { readonly maxBytes: number; readonly silenceMs: number },
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (!upstream.body) return { bytes: new Uint8Array(0), isWhole: true }
  const reader = upstream.body.getReader()
  for (;;) {
    const { done, value } = await deadline.within(silenceMs, reader.read())
    if (done) break
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      return { bytes: new Uint8Array(0), isWhole: false }
    }
    chunks.push(value)
  }
  return { bytes: concat(chunks, length), isWhole: true }
}
