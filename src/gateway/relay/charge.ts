import type { EntryDetail } from '../../ledger/types.ts'
import type { Pico } from '../../money.ts'
import { type Cost, costOf } from '../../pricing/cost.ts'
import type { Usage } from '../../upstream/usage.ts'
import type { Admission, Call } from '../call.ts'
import { billOf } from './price.ts'

/** What an attempt cost, and how we know: as the provider said, by counting, or by the hold. */
export interface Charge {
  readonly pico: Pico
  readonly tokens: number
  readonly detail: EntryDetail
}

/** The provider's own usage. */
export function reported(call: Call, usage: Usage, responseModel: string | null): Charge {
  const { totalPico: pico, listedPico, parts } = billOf(call, usage, responseModel)
  const { providerCostPico, serviceTier } = usage
  return {
    pico,
    tokens: usage.totalTokens,
    detail: {
      ...tokensOf(usage),
      status: 'success',
      usageSource: 'provider',
      costParts: asText(parts),
      ...(usage.cacheReadTokens > 0 && { cacheReadTokens: usage.cacheReadTokens }),
      ...(usage.cacheWriteTokens > 0 && { cacheWriteTokens: usage.cacheWriteTokens }),
      ...(usage.reasoningTokens > 0 && { reasoningTokens: usage.reasoningTokens }),
      ...(serviceTier !== null && { serviceTier: serviceTier.slice(0, ANSWER_TEXT_MAX_LENGTH) }),
      ...(providerCostPico !== null && {
        listedPico: String(listedPico),
        providerPico: String(providerCostPico),
      }),
    },
  }
}

/** No usage came: our estimate of the input and what was seen of the output. */
export function counted(call: Call, outputTokens: number, reason: string): Charge {
  const { inputTokens } = call.estimate
  const { totalPico, parts } = costOf(call.price, { inputTokens, outputTokens }, call.startedMs)
  return {
    pico: totalPico,
    tokens: inputTokens + outputTokens,
    detail: {
      ...tokensOf({ inputTokens, outputTokens }),
      status: 'success',
      usageSource: 'counted',
      costParts: asText(parts),
      reason,
    },
  }
}

/** What a count would come to. */
export function costOfCount({ price, estimate, startedMs }: Call, outputTokens: number): Pico {
  const { inputTokens } = estimate
  return costOf(price, { inputTokens, outputTokens }, startedMs).totalPico
}

/** A stream that was cut: never less than what its usage so far, or a count, comes to. */
export function cutShort(
  call: Call,
  seen: {
    readonly usage: Usage | null
    readonly outputTokens: number
    readonly responseModel: string | null
  },
  reason: string,
): Charge {
  const count = counted(call, seen.outputTokens, reason)
  if (!seen.usage) return count
  const said = reported(call, seen.usage, seen.responseModel)
  return said.pico >= count.pico ? { ...said, detail: { ...said.detail, reason } } : count
}

/** Nothing of an answer was seen, but the provider may have made one: the hold is charged. */
export function held(
  { call, admission }: { readonly call: Call; readonly admission: Admission },
  reason: string,
): Charge {
  return {
    pico: admission.heldPico,
    tokens: call.estimate.expectedTokens,
    detail: { status: 'failure', usageSource: 'bound', reason },
  }
}

/** Longer than any provider's own; an entry has to fit a row of the ledger, whoever answered. */
const ANSWER_TEXT_MAX_LENGTH = 256

/** The charge with what the answer calls itself, for the log row. */
export function named(
  charge: Charge,
  answer: { readonly responseId: string | null; readonly responseModel: string | null },
): Charge {
  const responseId = answer.responseId?.slice(0, ANSWER_TEXT_MAX_LENGTH) ?? null
  const responseModel = answer.responseModel?.slice(0, ANSWER_TEXT_MAX_LENGTH) ?? null
  return { ...charge, detail: { ...charge.detail, responseId, responseModel } }
}

/** A detail is flat: `{"input":"25000","output":"50000"}`, in picodollars. */
function asText(parts: Cost['parts']): string {
  const entries = Object.entries(parts).map(([part, pico]) => [part, String(pico)])
  return JSON.stringify(Object.fromEntries(entries))
}

function tokensOf(usage: { readonly inputTokens: number; readonly outputTokens: number }) {
  return { promptTokens: usage.inputTokens, completionTokens: usage.outputTokens }
}
