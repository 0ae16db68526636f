import * as fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { type Resets, windowAt } from '../src/windows.ts'
import { expectEdges, iso, minutes, schedule as scheduled } from './edges.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const calendar = (timezone: string, resetMinute = 0): Resets => ({
  alignment: 'calendar',
  timezone,
  resetMinute,
})
const schedule = (text: string, anchor: string | number = '2026-03-27T12:00Z') =>
  scheduled(text, anchor)

describe('a reset time where the clock changes', () => {
  it.each([
    ['1d', 'Europe/Berlin', '06:30', '2026-03-28T05:30 2026-03-29T04:30 2026-03-30T04:30'],
    ['1d', 'Europe/Berlin', '06:30', '2026-10-24T04:30 2026-10-25T05:30 2026-10-26T05:30'],
    ['1d', 'Europe/Berlin', '23:59', '2026-03-28T22:59 2026-03-29T21:59 2026-03-30T21:59'],
    ['1mo', 'Europe/Berlin', '06:30', '2026-03-01T05:30 2026-04-01T04:30 2026-05-01T04:30'],
    ['1d', 'Europe/Berlin', '01:59', '2026-03-28T00:59 2026-03-29T00:59 2026-03-29T23:59'],
    ['1d', 'Europe/Berlin', '03:00', '2026-03-28T02:00 2026-03-29T01:00 2026-03-30T01:00'],
    ['1d', 'Europe/Berlin', '03:00', '2026-10-24T01:00 2026-10-25T02:00 2026-10-26T02:00'],
  ])('%s in %s at %s, which comes once: %s', (text, timezone, time, edges) => {
    expectEdges(schedule(text), calendar(timezone, minutes(time)), edges)
  })

  it.each([
    ['1d', 'Europe/Berlin', '02:00', '2026-03-28T01:00 2026-03-29T01:00 2026-03-30T00:00'],
    ['1d', 'Europe/Berlin', '02:30', '2026-03-28T01:30 2026-03-29T01:00 2026-03-30T00:30'],
    ['2d', 'Europe/Berlin', '02:30', '2026-03-27T01:30 2026-03-29T01:00 2026-03-31T00:30'],
    ['12h', 'Europe/Berlin', '02:30', '2026-03-28T13:30 2026-03-29T01:00 2026-03-29T12:30'],
    ['1d', 'America/New_York', '02:30', '2026-03-07T07:30 2026-03-08T07:00 2026-03-09T06:30'],
    ['1d', 'America/Havana', '00:30', '2026-03-07T05:30 2026-03-08T05:00 2026-03-09T04:30'],
    ['1d', 'Australia/Lord_Howe', '02:15', '2026-10-02T15:45 2026-10-03T15:30 2026-10-04T15:15'],
    ['1mo', 'America/Asuncion', '00:30', '2023-09-01T04:30 2023-10-01T04:00 2023-11-01T03:30'],
  ])('%s in %s at %s, which is skipped once: %s', (text, timezone, time, edges) => {
    expectEdges(schedule(text), calendar(timezone, minutes(time)), edges)
  })

  it('counts 36h from a reset that was skipped', () => {
    const edges = '2026-03-29T01:00 2026-03-30T13:00 2026-04-01T01:00'
    const berlin = calendar('Europe/Berlin', minutes('02:30'))
    expectEdges(schedule('36h', '2026-03-29T12:00Z'), berlin, edges)
  })

  it.each([
    ['1d', 'Europe/Berlin', '02:00', '2026-10-24T00:00 2026-10-25T00:00 2026-10-26T01:00'],
    ['1d', 'Europe/Berlin', '02:30', '2026-10-24T00:30 2026-10-25T00:30 2026-10-26T01:30'],
    ['1d', 'America/New_York', '01:30', '2026-10-31T05:30 2026-11-01T05:30 2026-11-02T06:30'],
    ['1mo', 'America/New_York', '01:30', '2026-10-01T05:30 2026-11-01T05:30 2026-12-01T06:30'],
    ['1d', 'America/Havana', '00:30', '2026-10-31T04:30 2026-11-01T04:30 2026-11-02T05:30'],
    ['1d', 'Australia/Lord_Howe', '01:45', '2026-04-03T14:45 2026-04-04T14:45 2026-04-05T15:15'],
  ])('%s in %s at %s, which is repeated once: %s', (text, timezone, time, edges) => {
    expectEdges(schedule(text), calendar(timezone, minutes(time)), edges)
  })
})

describe('a grid of hours, minutes or seconds where the clock jumps', () => {
  it.each([
    ['2h', 'Europe/Berlin', '2026-03-28T23:00 2026-03-29T01:00 2026-03-29T02:00 2026-03-29T04:00'],
    ['5h', 'Europe/Berlin', '2026-03-28T19:00 2026-03-28T23:00 2026-03-29T03:00 2026-03-29T08:00'],
    ['90m', 'Europe/Berlin', '2026-03-29T00:30 2026-03-29T01:00 2026-03-29T02:30'],
    ['25m', 'Europe/Berlin', '2026-03-29T00:40 2026-03-29T01:00 2026-03-29T01:20 2026-03-29T01:45'],
    ['1s', 'Europe/Berlin', '2026-03-29T00:59:59 2026-03-29T01:00:00 2026-03-29T01:00:01'],
    ['2h', 'America/New_York', '2026-03-08T05:00 2026-03-08T07:00 2026-03-08T08:00'],
    ['1h', 'Australia/Lord_Howe', '2026-10-03T14:30 2026-10-03T15:30 2026-10-03T16:00'],
    ['45m', 'Australia/Lord_Howe', '2026-10-03T15:00 2026-10-03T15:30 2026-10-03T16:00'],
    ['2h', 'America/Havana', '2026-03-08T03:00 2026-03-08T05:00 2026-03-08T06:00'],
    ['12h', 'America/Santiago', '2026-09-05T16:00 2026-09-06T04:00 2026-09-06T15:00'],
    ['5h', 'Pacific/Apia', '2011-12-30T06:00 2011-12-30T10:00 2011-12-30T15:00'],
  ])('%s in %s, forward: %s', (text, timezone, edges) => {
    expectEdges(schedule(text), calendar(timezone), edges)
  })

  it.each([
    ['1h', 'Europe/Berlin', '2026-10-24T23:00 2026-10-25T00:00 2026-10-25T01:00 2026-10-25T02:00'],
    ['2h', 'Europe/Berlin', '2026-10-24T22:00 2026-10-25T00:00 2026-10-25T01:00 2026-10-25T03:00'],
    ['5h', 'Europe/Berlin', '2026-10-24T18:00 2026-10-24T22:00 2026-10-25T04:00 2026-10-25T09:00'],
    ['90m', 'Europe/Berlin', '2026-10-24T23:30 2026-10-25T02:00 2026-10-25T03:30'],
    ['25m', 'Europe/Berlin', '2026-10-25T00:30 2026-10-25T00:55 2026-10-25T01:05 2026-10-25T01:30'],
    ['150m', 'Europe/Berlin', '2026-10-24T22:00 2026-10-25T00:30 2026-10-25T01:30'],
    ['1h', 'America/New_York', '2026-11-01T05:00 2026-11-01T06:00 2026-11-01T07:00'],
    ['2h', 'America/New_York', '2026-11-01T04:00 2026-11-01T07:00 2026-11-01T09:00'],
    ['90m', 'America/New_York', '2026-11-01T05:30 2026-11-01T06:30 2026-11-01T08:00'],
    ['1h', 'Australia/Lord_Howe', '2026-04-04T13:00 2026-04-04T14:00 2026-04-04T15:30'],
    ['20m', 'Australia/Lord_Howe', '2026-04-04T14:40 2026-04-04T15:10 2026-04-04T15:30'],
    ['5h', 'Australia/Lord_Howe', '2026-04-04T13:00 2026-04-04T18:30 2026-04-04T23:30'],
    ['12h', 'America/Havana', '2026-10-31T16:00 2026-11-01T04:00 2026-11-01T05:00'],
    ['5h', 'America/Havana', '2026-11-01T00:00 2026-11-01T04:00 2026-11-01T05:00'],
    ['5h', 'America/Santiago', '2026-04-04T23:00 2026-04-05T04:00 2026-04-05T09:00'],
    ['23h', 'America/Santiago', '2026-04-05T02:00 2026-04-05T03:00 2026-04-05T04:00'],
  ])('%s in %s, back: %s', (text, timezone, edges) => {
    expectEdges(schedule(text), calendar(timezone), edges)
  })

  it.each([
    ['1h', 'Europe/Berlin', '02:30', '2026-03-29T00:30 2026-03-29T01:00 2026-03-29T01:30'],
    ['5h', 'Europe/Berlin', '06:30', '2026-03-28T20:30 2026-03-29T01:00 2026-03-29T04:30'],
    ['12h', 'Europe/Berlin', '02:30', '2026-10-25T00:30 2026-10-25T01:30 2026-10-25T13:30'],
    ['5h', 'America/Havana', '00:30', '2026-11-01T04:30 2026-11-01T05:30 2026-11-01T10:30'],
  ])('%s in %s from %s: %s', (text, timezone, time, edges) => {
    expectEdges(schedule(text), calendar(timezone, minutes(time)), edges)
  })
})

const ZONES = [
  'UTC Europe/Berlin America/New_York Australia/Lord_Howe Asia/Kolkata America/Havana',
  'America/Santiago Pacific/Chatham Antarctica/Troll Africa/Cairo America/Nuuk',
].flatMap((names) => names.split(' '))
const zoned = (ms: number, timezone: string) =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone)

function changesFrom(ms: number, timezone: string, count: number): number[] {
  const change = count > 0 && zoned(ms, timezone).getTimeZoneTransition('next')?.epochMilliseconds
  return change ? [change, ...changesFrom(change, timezone, count - 1)] : []
}

const CHANGES = ZONES.flatMap((timezone) =>
  changesFrom(Date.parse('2026-01-01'), timezone, 4).map((atMs) => ({ timezone, atMs })),
)
const resets = fc.oneof(fc.constantFrom(0, 30, 90, 150), fc.nat(1_439))

describe('windows in any zone', () => {
  const usual = '1s 7s 1m 90m 1h 5h 23h 24h 36h 1d 2d 7d 14d 30d 45d 1w 2w 1mo 2mo 3mo 13mo'
  const odd = fc.tuple(fc.integer({ min: 1, max: 2_000 }), fc.constantFrom('s', 'm', 'h', 'd'))
  const years = fc.integer({ min: Date.parse('1975-01-01'), max: Date.parse('2060-01-01') })
  const away = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -DAY_MS, max: DAY_MS }))
  const cases = fc.record({
    length: fc.oneof(
      fc.constantFrom(...usual.split(' ')),
      odd.map((parts) => parts.join('')),
    ),
    anchorMs: years,
    resetMinute: resets,
    place: fc.oneof(
      fc.record({ timezone: fc.constantFrom(...ZONES, 'Pacific/Apia'), atMs: years }),
      fc
        .record({ change: fc.constantFrom(...CHANGES), ms: away })
        .map(({ change, ms }) => ({ ...change, atMs: change.atMs + ms })),
    ),
  })
  type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never
  const windowsOf = ({ place, length, anchorMs, resetMinute }: Case) => {
    const rule = schedule(length, anchorMs)
    return (nowMs: number) => {
      const window = windowAt(rule, { nowMs, resets: calendar(place.timezone, resetMinute) })
      return { startMs: window.startMs, endMs: window.endMs ?? Number.NaN }
    }
  }

  it('tile time: every instant is in one, and the next starts where it ends', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const at = windowsOf(one)
        const { startMs, endMs } = at(one.place.atMs)
        expect(startMs).toBeLessThanOrEqual(one.place.atMs)
        expect(endMs).toBeGreaterThan(one.place.atMs)
        expect(at(startMs)).toEqual({ startMs, endMs })
        expect(at(endMs - 1)).toEqual({ startMs, endMs })
        expect(at(endMs).startMs).toBe(endMs)
        expect(at(startMs - 1).endMs).toBe(startMs)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never end earlier for a later instant', () => {
    const laters = fc.oneof(fc.nat(2 * HOUR_MS), fc.nat(60 * DAY_MS))
    fc.assert(
      fc.property(cases, laters, (one, laterMs) => {
        const at = windowsOf(one)
        const { endMs } = at(one.place.atMs)
        expect(at(one.place.atMs + laterMs).endMs).toBeGreaterThanOrEqual(endMs)
        expect(at(endMs).endMs).toBeGreaterThan(endMs)
      }),
      { numRuns: 1_000 },
    )
  })

  const REACH_MS = 15 * HOUR_MS
  const DAY = 1_440

  /** In minutes; where a day begins, the clock reads a multiple of 1,440. */
  function* readings(timezone: string, atMs: number, resetMinute: number) {
    let offsetMs = 0
    for (let ms = atMs - REACH_MS; ms <= atMs + REACH_MS; ms += MINUTE_MS) {
      // These zones change their clocks at quarters of an hour only.
      if (ms % (15 * MINUTE_MS) === 0) offsetMs = zoned(ms, timezone).offsetNanoseconds / 1e6
      yield { ms, read: (ms + offsetMs) / MINUTE_MS - resetMinute }
    }
  }

  it('end when somebody who looks at the clock every minute says so', () => {
    const lengths = fc.oneof(fc.constantFrom(60, 90, 300, 720), fc.integer({ min: 10, max: DAY }))
    const counts = fc.oneof(fc.constant(DAY), lengths)
    fc.assert(
      fc.property(fc.constantFrom(...CHANGES), resets, counts, (change, resetMinute, count) => {
        const { timezone, atMs } = change
        const said: number[] = []
        let [last, day] = [Infinity, Infinity]
        for (const { ms, read } of readings(timezone, atMs, resetMinute)) {
          let isEdge = false
          // All that it skipped, too.
          for (let at = Math.min(last + 1, read); at <= read; at++) {
            isEdge ||= count < DAY ? (at % DAY) % count === 0 : at >= day
          }
          if (isEdge && last < Infinity) said.push(ms)
          if (isEdge || day === Infinity) day = (Math.floor(read / DAY) + 1) * DAY
          last = read
        }
        const found: number[] = []
        const now = { nowMs: atMs - REACH_MS, resets: calendar(timezone, resetMinute) }
        while (now.nowMs <= atMs + REACH_MS) {
          const endMs = windowAt(schedule(`${count}m`), now).endMs ?? Number.NaN
          expect(endMs).toBeGreaterThan(now.nowMs)
          if (endMs <= atMs + REACH_MS) found.push(endMs)
          now.nowMs = endMs
        }
        expect(found.map(iso)).toEqual(said.map(iso))
      }),
      { numRuns: 300 },
    )
  })
})
