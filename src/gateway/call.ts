import type { Deployment, Price } from '../config/config.ts'
import type { LedgerClient } from '../ledger/client.ts'
import type { PolicyRow, ReserveAnswer } from '../ledger/types.ts'
import type { Estimate } from '../pricing/estimate.ts'
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
  readonly price: Price
  readonly estimate: Estimate
  readonly rows: readonly PolicyRow[]
  readonly ledger: LedgerClient
  readonly startedMs: number
  /** Aborts when the client is gone. */
  readonly clientSignal: AbortSignal
}

export type Admission = Extract<ReserveAnswer, { kind: 'admitted' }>

/** After the client left, a provider may take this long to finish; workerd allows 30 s in all. */
export const DRAIN_MS = 20_000
