import { decode, encode } from '../../json.ts'
import type { Pico } from '../../money.ts'
import type { Entry } from '../store.ts'
import type { WindowSum } from '../types.ts'

export type EntryRow = {
  id: string
  revision: number
  state: string
  reserved_ms: number
  deadline_ms: number
  ended_ms: number | null
  hold: number
  seen: number
  charge: number
  hold_tokens: number
  tokens: number
  scopes: string
  rules: string
  charged: string
  detail: string
}

export const ENTRY_COLUMNS =
  'id, revision, state, reserved_ms, deadline_ms, ended_ms, hold, seen, charge, hold_tokens, ' +
  'tokens, scopes, rules, charged, detail'

/** Amounts are bounded by CHARGE_MAX_PICO, so they pass as exact numbers. */
export function entryToRow(entry: Entry): (string | number | null)[] {
  return [
    entry.id,
    entry.revision,
    entry.state,
    entry.reservedMs,
    entry.deadlineMs,
    entry.endedMs,
    Number(entry.holdPico),
    Number(entry.seenPico),
    Number(entry.chargePico),
    entry.holdTokens,
    entry.tokens,
    encode(entry.scopes),
    encode(entry.rules),
    encode(entry.charged),
    encode(entry.detail),
  ]
}

export function rowToEntry(row: EntryRow): Entry {
  return {
    id: row.id,
    revision: row.revision,
    state: row.state as Entry['state'],
    reservedMs: row.reserved_ms,
    deadlineMs: row.deadline_ms,
    endedMs: row.ended_ms,
    holdPico: BigInt(row.hold),
    seenPico: BigInt(row.seen),
    chargePico: BigInt(row.charge),
    holdTokens: row.hold_tokens,
    tokens: row.tokens,
    scopes: decode<Entry['scopes']>(row.scopes),
    rules: decode<Entry['rules']>(row.rules),
    charged: decode<Entry['charged']>(row.charged),
    detail: decode<Entry['detail']>(row.detail),
  }
}

/** The sum of `charge`, in two halves: SQLite's own sum would fail, or lose digits, past 2^53. */
export const HALVES = 'sum(charge >> 32) AS high, sum(charge & 4294967295) AS low'

export type Halves = { high: number; low: number }

export function picoOf({ high, low }: Halves): Pico {
  return BigInt(high) * 4_294_967_296n + BigInt(low)
}

export type SumRow = {
  budget: string
  start_ms: number
  end_ms: number | null
  version: number
  spent: string
}

export function rowToSum(row: SumRow): WindowSum {
  return {
    budget: row.budget,
    startMs: row.start_ms,
    endMs: row.end_ms,
    version: row.version,
    spentPico: BigInt(row.spent),
  }
}
