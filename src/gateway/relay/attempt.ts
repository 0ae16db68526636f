import { ApiError } from '../../errors.ts'
import type { EntryDetail, ScopeState } from '../../ledger/types.ts'
import type { Pico } from '../../money.ts'
import { within } from '../../within.ts'
import type { Admission, Call } from '../call.ts'
import type { Charge } from './charge.ts'
import type { Deadline } from './deadline.ts'

/** While a budget is tight the client's last byte waits this long for the books. */
const TIGHT_WAIT_MS = 1_000

/** What a relay needs of its attempt. */
export interface Attempt {
  readonly call: Call
  readonly admission: Admission
  readonly deadline: Deadline
  /** The client's headers and body; at most once. */
  readonly respond: (response: Response) => void
  /** What the call has cost so far, for the next renewal. */
  readonly saw: (pico: Pico) => void
  /** Ends the entry without a charge: the provider bills nothing. */
  readonly release: (detail: EntryDetail) => Promise<void>
  /** Once. Resolves when the charge is in the books, or can't be brought there. */
  readonly settle: (charge: Charge) => Promise<readonly ScopeState[] | null>
}

/** Waits for the books if another call like this one might not fit, but not for long. */
export async function whenTight(
  { admission }: Attempt,
  settled: Promise<readonly ScopeState[] | null>,
): Promise<void> {
  if (!admission.tight) return
  await within(TIGHT_WAIT_MS, settled).catch(() => null)
}

export function badGateway(message: string): ApiError {
  return new ApiError(502, message, { type: 'provider_error', param: null })
}

export function timedOut(call: Call): ApiError {
  const seconds =
    (call.body.stream ? call.deployment.streamTimeoutMs : call.deployment.timeoutMs) / 1_000
  const message = `The provider did not answer within ${seconds} s.`
  return new ApiError(504, message, { type: 'timeout', param: null })
}
