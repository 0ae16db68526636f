import type { Deployment } from '../config/config.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { CallPolicy } from '../ledger/policy.ts'
import type { Admitted } from '../ledger/types.ts'
import type { Estimate } from '../pricing/estimate.ts'
import type { Price } from '../pricing/rates.ts'
import type { Wire } from '../upstream/wire.ts'
import type { LlmBody } from './body.ts'
import type { Endpoint } from './endpoints.ts'

/** One attempt at a provider: everything that is decided before money is set aside. */
export interface Call {
  /** The entry's id in the ledger. */
  readonly id: string
  /** The client's name for the call, or ours; may repeat, and is charged each time. */
  readonly callId: string
  readonly endpoint: Endpoint
  readonly body: LlmBody
  /** The name that was asked for: a model group, or what a wildcard matched. */
  readonly group: string
  readonly deployment: Deployment
  /** How it is said to the provider. */
  readonly wire: Wire
  readonly price: Price
  readonly estimate: Estimate
  /** What the ledger decides on, and what an unknown settle is charged by. */
  readonly policy: CallPolicy
  readonly ledger: LedgerClient
  readonly startedMs: number
  /** Aborts when the client is gone. */
  readonly clientSignal: AbortSignal
}

export type Admission = Admitted

/** After the client left, a provider may take this long to finish; workerd allows 30 s in all. */
export const DRAIN_MS = 20_000

/** The output cap that must reach the provider; null: as the client asked. */
export function capToSend(
  { estimate }: Pick<Call, 'estimate'>,
  { outputTokens }: Pick<Admission, 'outputTokens'>,
): number | null {
  // Output that costs nothing needs no cap, and a model might refuse the one we would make up.
  return estimate.boundOutput?.picoPerToken === 0n ? null : outputTokens
}

/** The cap that a strict budget lowered the output to; null: it is what the client asked for. */
export function clampedTokens(
  call: Pick<Call, 'body' | 'estimate'>,
  admission: Pick<Admission, 'outputTokens'>,
): number | null {
  const tokens = capToSend(call, admission)
  const asked = call.body.outputCap ?? call.estimate.boundOutput?.tokens ?? null
  return tokens !== null && asked !== null && tokens < asked ? tokens : null
}
