/** Calls that are under way when something dies, and what the books must say of each afterwards. */
import { expect } from 'vitest'
import { costOf } from './amounts.ts'
import type { Row } from './database.ts'
import { eventually } from './eventually.ts'
import type { Answer } from './gateway.ts'
import type { Stack } from './harness.ts'
import { withLedger } from './object-file.ts'

export interface Flown {
  callId: string
  /** The client has all of the answer. */
  isComplete: boolean
}

export interface Flight {
  /** Ends when every client has its answer, or lost its connection. */
  landed: Promise<Flown[]>
  /** Resolves when the provider was asked for all of them. */
  airborne: Promise<void>
}

/** All in one flight cost something else, so that no mistake is hidden by another. */
const SHAPES = [
  { words: (i: number) => `delay-${i * 8}ms`, stream: false },
  { words: (i: number) => `delay-${i * 4}ms+chunks-8+slow-30ms`, stream: true },
  { words: (i: number) => `slow-${i * 8}ms`, stream: false },
  { words: (i: number) => `delay-${i * 8}ms+split-9`, stream: true },
  { words: () => 'delay-4000ms', stream: false },
] as const

let flights = 0

export function startFlight(stack: Stack, keys: readonly string[], count: number): Flight {
  const flight = `flight${++flights}`
  const names = Array.from({ length: count }, (_, i) => `${flight}-${i}`)
  const landed = Promise.all(
    names.map(async (callId, i): Promise<Flown> => {
      const { words, stream } = SHAPES[i % SHAPES.length] ?? SHAPES[0]
      const model = `script/usage-${i + 1}-${(i % 7) + 1}+${words(i)}+${callId}`
      const answer = await stack
        .http('/v1/chat/completions', {
          key: keys[i % keys.length] ?? null,
          body: { model, messages: [{ role: 'user', content: flight }], stream, max_tokens: 20 },
          headers: { 'x-litellm-call-id': callId },
        })
        .catch(() => null)
      if (answer) expect(answer.status, answer.text).toBe(200)
      return { callId, isComplete: answer !== null && isWhole(answer, stream) }
    }),
  )
  const airborne = eventually(() => {
    const asked = stack.provider.requests.filter(({ body }) => body.includes(`"${flight}"`))
    expect(asked.length).toBeGreaterThanOrEqual(count)
  })
  return { landed, airborne }
}

function isWhole({ text }: Answer, stream: boolean): boolean {
  return stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}')
}

interface EntryRow {
  callId: string
  state: string
  hold: number
  charge: number
}

/**
 * What a dead ledger has on disk for a flight: each call that was answered is settled with exactly
 * its bill, or (its settle runs beside the answer) still covered by its hold; every bill is covered
 * by an entry. Returns what the flight will have cost once the holds have passed their deadline.
 */
export function landedCost(stack: Stack, teamId: string, flown: readonly Flown[]) {
  const entries = entriesOf(stack, teamId)
  let pico = 0n
  let orphans = 0
  for (const { callId, isComplete } of flown) {
    const entry = entries.get(callId)
    const bills = stack.bills(callId)
    if (!entry)
      expect({ callId, isComplete, bills }).toEqual({ callId, isComplete: false, bills: [] })
    if (!entry || entry.state === 'released') continue
    expect(entry.state).toMatch(/^(?:held|settled)$/)
    if (entry.state === 'settled')
      expect([callId, BigInt(entry.charge)]).toEqual([callId, costOf(bills)])
    else orphans++
    pico += BigInt(entry.state === 'settled' ? entry.charge : entry.hold)
  }
  return { pico, orphans }
}

function entriesOf(stack: Stack, teamId: string): Map<string, EntryRow> {
  const query = `SELECT detail ->> 'callId' AS callId, state, hold, charge FROM entry`
  const rows = withLedger(stack.stateDir, `team:${teamId}`, (db) => db.prepare(query).all())
  return new Map(rows.map((row) => [String(row['callId']), row as unknown as EntryRow]))
}

/** In Postgres: one row per call, an orphan's marked as one, every other exactly its bill. */
export function expectLogRows(stack: Stack, rows: readonly Row[], flown: readonly Flown[]): void {
  expect(new Set(rows.map((row) => row['call_id'])).size).toBe(rows.length)
  const known = new Map(rows.map((row) => [row['call_id'], row]))
  for (const { callId, isComplete } of flown) {
    const row = known.get(callId)
    if (isComplete) expect(row?.['state'], callId).toMatch(/^(?:settled|expired)$/)
    if (row?.['state'] === 'expired')
      expect(row).toMatchObject({ revision: '0', status: 'expired' })
    if (row?.['state'] !== 'settled') continue
    const [bill] = stack.bills(callId)
    expect(row).toMatchObject({
      response_id: bill?.id,
      spend_pico: String(costOf(bill ? [bill] : [])),
    })
  }
}
