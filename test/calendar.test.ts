import { describe, expect, it } from 'vitest'
import { isTimezone } from '../src/calendar.ts'
import { type Resets, windowAt } from '../src/windows.ts'
import { expectEdges, minutes, schedule as scheduled, span } from './edges.ts'

const UTC: Resets = { alignment: 'calendar', timezone: 'UTC', resetMinute: 0 }
const ANCHOR = '2026-01-07T15:00Z'

const schedule = (text: string, anchor: string = ANCHOR) => scheduled(text, anchor)

describe('a calendar window in UTC', () => {
  it.each([
    ['1s', '2026-10-01T12:00:00 2026-10-01T12:00:01 2026-10-01T12:00:02'],
    ['45s', '2026-10-01T23:58:30 2026-10-01T23:59:15 2026-10-02T00:00:00'],
    ['1m', '2026-12-31T23:59 2027-01-01T00:00 2027-01-01T00:01'],
    ['90m', '2026-10-01T21:00 2026-10-01T22:30 2026-10-02T00:00 2026-10-02T01:30'],
    ['1h', '2028-02-28T23:00 2028-02-29T00:00 2028-02-29T01:00'],
    ['12h', '2026-10-01T00:00 2026-10-01T12:00 2026-10-02T00:00'],
    ['1d', '2026-12-30T00:00 2026-12-31T00:00 2027-01-01T00:00 2027-01-02T00:00'],
    ['1d', '2027-02-27T00:00 2027-02-28T00:00 2027-03-01T00:00'],
    ['1d', '2028-02-28T00:00 2028-02-29T00:00 2028-03-01T00:00'],
    ['1w', '2026-12-28T00:00 2027-01-04T00:00 2027-01-11T00:00'],
    ['1w', '2028-02-21T00:00 2028-02-28T00:00 2028-03-06T00:00'],
    ['1mo', '2026-12-01T00:00 2027-01-01T00:00 2027-02-01T00:00 2027-03-01T00:00'],
    ['1mo', '2028-02-01T00:00 2028-03-01T00:00 2028-04-01T00:00'],
    ['1mo', '2100-02-01T00:00 2100-03-01T00:00'],
  ])('of %s has the edges %s', (text, edges) => {
    expectEdges(schedule(text), UTC, edges)
  })

  it.each([
    ['7s', '2026-10-01T23:59:47 2026-10-01T23:59:54 2026-10-02T00:00:00 2026-10-02T00:00:07'],
    ['7m', '2026-10-01T23:48 2026-10-01T23:55 2026-10-02T00:00 2026-10-02T00:07'],
    ['5h', '2026-10-01T15:00 2026-10-01T20:00 2026-10-02T00:00 2026-10-02T05:00'],
    ['23h', '2026-10-01T00:00 2026-10-01T23:00 2026-10-02T00:00 2026-10-02T23:00'],
    ['1439m', '2026-10-01T00:00 2026-10-01T23:59 2026-10-02T00:00'],
    ['86399s', '2026-10-01T00:00:00 2026-10-01T23:59:59 2026-10-02T00:00:00'],
  ])('of %s, which does not divide a day, is short before midnight', (text, edges) => {
    expectEdges(schedule(text), UTC, edges)
  })

  it.each(['24h', '1440m', '86400s'])('of %s is a day', (text) => {
    expectEdges(schedule(text), UTC, '2026-10-01T00:00 2026-10-02T00:00 2026-10-03T00:00')
  })

  it('of 7d is a week from Monday', () => {
    expectEdges(schedule('7d'), UTC, '2026-09-28T00:00 2026-10-05T00:00 2026-10-12T00:00')
  })

  it('of 30d is a month from the 1st', () => {
    expectEdges(schedule('30d'), UTC, '2027-01-01T00:00 2027-02-01T00:00 2027-03-01T00:00')
  })

  it('takes the schedule’s alignment before the deployment’s', () => {
    const now = { nowMs: Date.parse('2026-10-01T12:34:56.789Z'), resets: UTC }
    const rule = schedule('1d', '2026-10-01T10:00Z')
    const days = (alignment: 'rolling' | 'calendar', base: 'rolling' | 'calendar') =>
      windowAt({ ...rule, alignment }, { ...now, resets: { ...UTC, alignment: base } })
    const day = ['2026-10-01T00:00:00.000Z', '2026-10-02T00:00:00.000Z']
    const rolling = ['2026-10-01T10:00:00.000Z', '2026-10-02T10:00:00.000Z']
    expect(span(days('calendar', 'rolling'))).toEqual(day)
    expect(span(days('rolling', 'calendar'))).toEqual(rolling)
    expect(span(windowAt({ ...rule, alignment: null }, now))).toEqual(day)
  })
})

describe('a calendar window of several units', () => {
  it.each([
    ['14d', ANCHOR, '2025-12-24T00:00 2026-01-07T00:00 2026-01-21T00:00 2026-02-04T00:00'],
    ['2w', ANCHOR, '2025-12-22T00:00 2026-01-05T00:00 2026-01-19T00:00 2026-02-02T00:00'],
    ['2w', '2026-01-04T23:59Z', '2025-12-29T00:00 2026-01-12T00:00 2026-01-26T00:00'],
    ['2d', '2028-02-28T10:00Z', '2028-02-26T00:00 2028-02-28T00:00 2028-03-01T00:00'],
    ['3d', '2026-12-30T10:00Z', '2026-12-27T00:00 2026-12-30T00:00 2027-01-02T00:00'],
    ['48h', ANCHOR, '2026-01-05T00:00 2026-01-07T00:00 2026-01-09T00:00'],
    ['2880m', ANCHOR, '2026-01-05T00:00 2026-01-07T00:00 2026-01-09T00:00'],
    ['31d', ANCHOR, '2026-01-07T00:00 2026-02-07T00:00 2026-03-10T00:00'],
    ['2mo', '2026-03-31T23:59Z', '2025-11-01T00:00 2026-01-01T00:00 2026-03-01T00:00'],
    ['2mo', '2026-03-31T23:59Z', '2026-03-01T00:00 2026-05-01T00:00 2026-07-01T00:00'],
    ['3mo', '2026-02-10T00:00Z', '2025-11-01T00:00 2026-02-01T00:00 2026-05-01T00:00'],
    ['12mo', '2028-02-29T12:00Z', '2027-02-01T00:00 2028-02-01T00:00 2029-02-01T00:00'],
    ['13mo', '2026-01-31T12:00Z', '2026-01-01T00:00 2027-02-01T00:00 2028-03-01T00:00'],
    ['36h', ANCHOR, '2026-01-05T12:00 2026-01-07T00:00 2026-01-08T12:00 2026-01-10T00:00'],
  ])('counts %s from %s', (text, anchor, edges) => {
    expectEdges(schedule(text, anchor), UTC, edges)
  })

  it.each([
    ['2d', 'Asia/Kolkata', '2026-01-06T20:00Z', '2026-01-06T18:30 2026-01-08T18:30'],
    ['2d', 'Asia/Kolkata', '2026-01-06T18:29:59.999Z', '2026-01-05T18:30 2026-01-07T18:30'],
    ['2w', 'Asia/Kolkata', '2026-01-04T20:00Z', '2026-01-04T18:30 2026-01-18T18:30'],
    ['2w', 'America/New_York', '2026-01-05T03:00Z', '2025-12-29T05:00 2026-01-12T05:00'],
    ['2mo', 'Asia/Kolkata', '2026-01-31T20:00Z', '2026-01-31T18:30 2026-03-31T18:30'],
    ['2mo', 'America/New_York', '2026-02-01T03:00Z', '2026-01-01T05:00 2026-03-01T05:00'],
    ['36h', 'Asia/Kolkata', '2026-01-06T20:00Z', '2026-01-06T18:30 2026-01-08T06:30'],
  ])('counts %s in %s from the day that its clock reads at %s', (text, timezone, anchor, edges) => {
    expectEdges(schedule(text, anchor), { ...UTC, timezone }, edges)
  })

  it.each([
    ['2d', '2026-02-01T06:29:59.999Z', '2026-01-31T06:30 2026-02-02T06:30'],
    ['2d', '2026-02-01T06:30Z', '2026-02-01T06:30 2026-02-03T06:30'],
    ['2w', '2026-02-02T06:29Z', '2026-01-26T06:30 2026-02-09T06:30'],
    ['2mo', '2026-02-01T05:00Z', '2026-01-01T06:30 2026-03-01T06:30'],
    ['36h', '2026-02-01T05:00Z', '2026-01-31T06:30 2026-02-01T18:30'],
  ])('counts %s from a day that began at 06:30 before %s', (text, anchor, edges) => {
    expectEdges(schedule(text, anchor), { ...UTC, resetMinute: minutes('06:30') }, edges)
  })
})

describe('a calendar window in a zone', () => {
  it.each([
    ['1s', 'Asia/Kolkata', '2026-10-01T18:29:59 2026-10-01T18:30:00 2026-10-01T18:30:01'],
    ['1h', 'Asia/Kolkata', '2026-10-01T12:30 2026-10-01T13:30 2026-10-01T14:30'],
    ['90m', 'Asia/Kolkata', '2026-10-01T17:00 2026-10-01T18:30 2026-10-01T20:00'],
    ['5h', 'Asia/Kolkata', '2026-10-01T09:30 2026-10-01T14:30 2026-10-01T18:30'],
    ['24h', 'Asia/Kolkata', '2026-12-30T18:30 2026-12-31T18:30 2027-01-01T18:30'],
    ['7d', 'Asia/Kolkata', '2026-12-27T18:30 2027-01-03T18:30 2027-01-10T18:30'],
    ['30d', 'Asia/Kolkata', '2028-01-31T18:30 2028-02-29T18:30 2028-03-31T18:30'],
    ['12h', 'Australia/Lord_Howe', '2026-07-01T13:30 2026-07-02T01:30 2026-07-02T13:30'],
    ['12h', 'Australia/Lord_Howe', '2026-12-31T01:00 2026-12-31T13:00 2027-01-01T01:00'],
    ['1d', 'Europe/Berlin', '2028-02-27T23:00 2028-02-28T23:00 2028-02-29T23:00'],
    ['1mo', 'America/New_York', '2026-12-01T05:00 2027-01-01T05:00 2027-02-01T05:00'],
    ['1h', '+05:30', '2026-10-01T12:30 2026-10-01T13:30'],
    ['1mo', '-08:00', '2026-10-01T08:00 2026-11-01T08:00'],
  ])('of %s in %s has the edges %s', (text, timezone, edges) => {
    expectEdges(schedule(text), { ...UTC, timezone }, edges)
  })

  it.each([
    ['1d', 'UTC', '06:30', '2026-12-31T06:30 2027-01-01T06:30 2027-01-02T06:30'],
    ['1d', 'UTC', '23:59', '2026-12-30T23:59 2026-12-31T23:59 2027-01-01T23:59'],
    ['1d', 'UTC', '23:59', '2028-02-28T23:59 2028-02-29T23:59 2028-03-01T23:59'],
    ['1w', 'UTC', '06:30', '2026-12-28T06:30 2027-01-04T06:30 2027-01-11T06:30'],
    ['7d', 'UTC', '23:59', '2026-12-28T23:59 2027-01-04T23:59'],
    ['1mo', 'UTC', '06:30', '2026-12-01T06:30 2027-01-01T06:30 2027-02-01T06:30'],
    ['30d', 'UTC', '23:59', '2028-02-01T23:59 2028-03-01T23:59 2028-04-01T23:59'],
    ['12h', 'UTC', '23:59', '2026-10-01T11:59 2026-10-01T23:59 2026-10-02T11:59'],
    ['5h', 'UTC', '06:30', '2026-10-01T16:30 2026-10-01T21:30 2026-10-02T02:30'],
    ['5h', 'UTC', '06:30', '2026-10-02T02:30 2026-10-02T06:30 2026-10-02T11:30'],
    ['7s', 'UTC', '06:30', '2026-10-02T06:29:54 2026-10-02T06:30:00 2026-10-02T06:30:07'],
    ['1h', 'Asia/Kolkata', '06:30', '2026-10-01T01:00 2026-10-01T02:00 2026-10-01T03:00'],
    ['1d', 'Asia/Kolkata', '05:29', '2026-09-30T23:59 2026-10-01T23:59'],
    ['1mo', 'America/New_York', '23:59', '2026-12-02T04:59 2027-01-02T04:59'],
    ['1w', 'America/New_York', '06:30', '2026-12-28T11:30 2027-01-04T11:30'],
  ])('of %s in %s, where a day begins at %s, has the edges %s', (text, timezone, time, edges) => {
    expectEdges(schedule(text), { ...UTC, timezone, resetMinute: minutes(time) }, edges)
  })
})

describe('days, weeks and months where the clock changes', () => {
  it.each([
    ['1d', 'Europe/Berlin', '2026-03-27T23:00 2026-03-28T23:00 2026-03-29T22:00 2026-03-30T22:00'],
    ['1d', 'Europe/Berlin', '2026-10-23T22:00 2026-10-24T22:00 2026-10-25T23:00 2026-10-26T23:00'],
    ['7d', 'Europe/Berlin', '2026-03-22T23:00 2026-03-29T22:00 2026-04-05T22:00'],
    ['7d', 'Europe/Berlin', '2026-10-18T22:00 2026-10-25T23:00 2026-11-01T23:00'],
    ['48h', 'Europe/Berlin', '2026-03-27T23:00 2026-03-29T22:00 2026-03-31T22:00'],
    ['14d', 'Europe/Berlin', '2026-03-17T23:00 2026-03-31T22:00 2026-04-14T22:00'],
    ['1mo', 'Europe/Berlin', '2026-02-28T23:00 2026-03-31T22:00 2026-04-30T22:00'],
    ['1mo', 'Europe/Berlin', '2026-09-30T22:00 2026-10-31T23:00 2026-11-30T23:00'],
    ['24h', 'America/New_York', '2026-03-07T05:00 2026-03-08T05:00 2026-03-09T04:00'],
    ['24h', 'America/New_York', '2026-10-31T04:00 2026-11-01T04:00 2026-11-02T05:00'],
    ['1w', 'America/New_York', '2026-03-02T05:00 2026-03-09T04:00 2026-03-16T04:00'],
    ['1w', 'America/New_York', '2026-10-26T04:00 2026-11-02T05:00 2026-11-09T05:00'],
    ['30d', 'America/New_York', '2026-03-01T05:00 2026-04-01T04:00 2026-05-01T04:00'],
    ['2mo', 'America/New_York', '2026-09-01T04:00 2026-11-01T04:00 2027-01-01T05:00'],
    ['1d', 'Australia/Lord_Howe', '2026-04-03T13:00 2026-04-04T13:00 2026-04-05T13:30'],
    ['1d', 'Australia/Lord_Howe', '2026-10-02T13:30 2026-10-03T13:30 2026-10-04T13:00'],
    ['1w', 'Australia/Lord_Howe', '2026-03-29T13:00 2026-04-05T13:30 2026-04-12T13:30'],
    ['1mo', 'Australia/Lord_Howe', '2026-03-31T13:00 2026-04-30T13:30 2026-05-31T13:30'],
    ['1mo', 'Australia/Lord_Howe', '2026-09-30T13:30 2026-10-31T13:00 2026-11-30T13:00'],
  ])('%s in %s: %s', (text, timezone, edges) => {
    expectEdges(schedule(text), { ...UTC, timezone }, edges)
  })

  it.each([
    ['1d', 'America/Havana', '2026-03-07T05:00 2026-03-08T05:00 2026-03-09T04:00'],
    ['1d', 'America/Havana', '2026-10-31T04:00 2026-11-01T04:00 2026-11-02T05:00'],
    ['1mo', 'America/Havana', '2026-10-01T04:00 2026-11-01T04:00 2026-12-01T05:00'],
    ['1d', 'America/Santiago', '2026-09-05T04:00 2026-09-06T04:00 2026-09-07T03:00'],
    ['1d', 'America/Santiago', '2026-04-04T03:00 2026-04-05T04:00 2026-04-06T04:00'],
    ['1mo', 'America/Asuncion', '2023-09-01T04:00 2023-10-01T04:00 2023-11-01T03:00'],
    ['1d', 'Pacific/Apia', '2011-12-29T10:00 2011-12-30T10:00 2011-12-31T10:00'],
  ])('%s in %s, where midnight itself is skipped or repeated: %s', (text, timezone, edges) => {
    expectEdges(schedule(text), { ...UTC, timezone }, edges)
  })

  it('lets 36h pass as they do, whatever the clock shows', () => {
    const edges = '2026-03-27T23:00 2026-03-29T11:00 2026-03-30T23:00 2026-04-01T11:00'
    expectEdges(schedule('36h', '2026-03-28T10:00Z'), { ...UTC, timezone: 'Europe/Berlin' }, edges)
  })
})

describe('isTimezone', () => {
  it.each(
    'UTC Etc/GMT+5 Europe/Berlin Asia/Calcutta America/Argentina/Buenos_Aires US/Eastern'.split(
      ' ',
    ),
  )('takes %s', (name) => {
    expect(isTimezone(name)).toBe(true)
  })

  it.each(
    'Nowhere/Land Europe Europe/ /Berlin ../etc ../../etc/passwd UTC+1 +24:00 Z + local null'.split(
      ' ',
    ),
  )('refuses %s', (name) => {
    expect(isTimezone(name)).toBe(false)
  })

  it.each(['', ' ', ' Europe/Berlin', 'Europe/Berlin\n', 'Europe/Berlin\0', '__proto__', '\uD800'])(
    'refuses %j',
    (name) => {
      expect(isTimezone(name)).toBe(false)
    },
  )

  it.each(['2026-01-01T00:00Z', '2026-01-01T00:00+01:00', '2026-01-01T00:00Z[Europe/Berlin]'])(
    'refuses %s, which is an instant',
    (text) => {
      expect(isTimezone(text)).toBe(false)
    },
  )

  it('refuses very long names', () => {
    expect(isTimezone('x'.repeat(100_000))).toBe(false)
    expect(isTimezone('Europe/'.repeat(10_000))).toBe(false)
  })
})
