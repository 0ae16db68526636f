import type { EntryDetail } from '../../ledger/types.ts'
import type { Pico } from '../../money.ts'
import { costOf } from '../../pricing/cost.ts'
import type { Usage } from '../../upstream/usage.ts'
import type { Admission, Call } from '../call.ts'

/** What an attempt cost, and how we know: as the provider said, by counting, or by the hold. */
export interface Charge {
  readonly pico: Pico
  readonly tokens: number
  readonly detail: EntryDetail
}

/** The provider's own usage. */
export function reported(call: Call, usage: Usage): Charge {
  return {
    pico: costOf(call.price, usage),
    tokens: usage.totalTokens,
    detail: { ...tokensOf(usage), status: 'success', usageSource: 'provider' },
  }
}

/** No usage came: our estimate of the input and what was seen of the output. */
export function counted(call: Call, outputTokens: number, reason: string): Charge {
  const { inputTokens } = call.estimate
  return {
    pico: costOf(call.price, { inputTokens, outputTokens }),
    tokens: inputTokens + outputTokens,
    detail: {
      ...tokensOf({ inputTokens, outputTokens }),
      status: 'success',
      usageSource: 'counted',
      reason,
    },
  }
}

/** A stream that was cut: never less than what its usage so far, or a count, comes to. */
export function cutShort(
  call: Call,
  seen: { readonly usage: Usage | null; readonly outputTokens: number },
  reason: string,
): Charge {
  const count = counted(call, seen.outputTokens, reason)
  if (!seen.usage) return count
  const said = reported(call, seen.usage)
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

function tokensOf(usage: { readonly inputTokens: number; readonly outputTokens: number }) {
  return { promptTokens: usage.inputTokens, completionTokens: usage.outputTokens }
}
