import { entryIdMs } from '../ids.ts'
import { CHARGE_MAX_PICO, type Pico } from '../money.ts'
import { rulesOf, type Scope } from './scopes.ts'
import type { Entry } from './store.ts'
import type { ReserveRequest } from './types.ts'

/** A hold that is not renewed ends after this long, and is charged. */
export const HOLD_MS = 180_000
/** A reserve that arrives later is refused. Shorter than delivered entries are kept (outbox.ts). */
export const RESERVE_MAX_MS = 45_000
/** A settle of an id that the ledger never saw is charged up to this age: money was spent. */
export const YOUNG_MS = 24 * 3_600_000

export function newHold(
  call: {
    readonly request: ReserveRequest
    readonly scopes: readonly Scope[]
    readonly holdPico: Pico
  },
  nowMs: number,
): Entry {
  const { request, scopes, holdPico } = call
  return {
    id: request.id,
    revision: 0,
    state: 'held',
    reservedMs: nowMs,
    deadlineMs: nowMs + HOLD_MS,
    endedMs: null,
    holdPico: bounded(holdPico),
    seenPico: 0n,
    chargePico: 0n,
    holdTokens: heldTokens(request, scopes),
    tokens: 0,
    scopes: scopes.map(({ id }) => id),
    rules: rulesOf(scopes),
    charged: [],
    detail: request.detail,
  }
}

/** A hold is never larger than the smallest token limit it is under. */
function heldTokens({ expectedTokens }: ReserveRequest, scopes: readonly Scope[]): number {
  let tokens = expectedTokens
  for (const { rates } of scopes) tokens = Math.min(tokens, rates.tokensPerMinute ?? tokens)
  return tokens
}

export function tombstone(id: string, nowMs: number): Entry {
  return {
    id,
    revision: 0,
    state: 'tombstone',
    reservedMs: nowMs,
    deadlineMs: nowMs,
    endedMs: nowMs,
    holdPico: 0n,
    seenPico: 0n,
    chargePico: 0n,
    holdTokens: 0,
    tokens: 0,
    scopes: [],
    rules: [],
    charged: [],
    detail: {},
  }
}

/** What sets a spend otherwise than by a call. An entry's amount is bounded, this one is not. */
export function adjustments(
  change: Pick<Entry, 'id' | 'charged' | 'detail'> & { readonly pico: Pico },
  nowMs: number,
): Entry[] {
  const { id, pico, charged, detail } = change
  const entry = { ...tombstone(id, nowMs), state: 'adjusted' as const, charged, detail }
  return pieces(pico).map((chargePico, revision) => ({ ...entry, revision, chargePico }))
}

/** One at least, of the same sign. */
function pieces(pico: Pico): Pico[] {
  const sign = pico < 0n ? -1n : 1n
  const all: Pico[] = []
  let left = pico * sign
  for (; left > CHARGE_MAX_PICO; left -= CHARGE_MAX_PICO) all.push(sign * CHARGE_MAX_PICO)
  return [...all, sign * left]
}

/** Amounts of one entry stay exact as SQLite integers and JS numbers. */
export function bounded(pico: Pico): Pico {
  if (pico < 0n) return 0n
  return pico > CHARGE_MAX_PICO ? CHARGE_MAX_PICO : pico
}

/** Ids are made just before their reserve; one that took this long is not waited for any more. */
export function isLate(id: string, nowMs: number): boolean {
  return nowMs - entryIdMs(id) > RESERVE_MAX_MS
}

export function isYoung(id: string, nowMs: number): boolean {
  return nowMs - entryIdMs(id) < YOUNG_MS
}
