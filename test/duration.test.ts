import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addDuration,
  type Duration,
  isoMicros,
  parseDuration,
  type Window,
  windowAt,
} from '../src/duration.ts'

const ms = (iso: string): number => Date.parse(iso)
const duration = (text: string): Duration => {
  const parsed = parseDuration(text)
  if (!parsed) throw new Error(`not a duration: ${text}`)
  return parsed
}
const iso = ({ startMs, endMs }: Window) => [
  new Date(startMs).toISOString(),
  endMs === null ? null : new Date(endMs).toISOString(),
]

describe('parseDuration', () => {
  it.each([
    ['1s', 1, 's'],
    ['2s', 2, 's'],
    ['30m', 30, 'm'],
    ['24h', 24, 'h'],
    ['30d', 30, 'd'],
    ['2w', 2, 'w'],
    ['1mo', 1, 'mo'],
    ['12mo', 12, 'mo'],
    ['010d', 10, 'd'],
    ['999999999s', 999_999_999, 's'],
    ['36600d', 36_600, 'd'],
    ['1180mo', 1_180, 'mo'],
  ])('reads %s', (text, count, unit) => {
    expect(parseDuration(text)).toEqual({ count, unit })
  })

  it.each([
    '',
    ' ',
    '0s',
    '00d',
    's',
    'd',
    '1',
    '30',
    '1.5h',
    '1,5h',
    '30min',
    '1M',
    '1D',
    '1MO',
    '1y',
    '1ms',
    '1mon',
    '1month',
    '-1d',
    '+1d',
    '1 d',
    ' 1d',
    '1d ',
    '1d\n',
    '1d1h',
    '1e3s',
    '0x1d',
    '१d',
    '99999999999s',
    '9999999999s',
    '36601d',
    '5229w',
    '1181mo',
    '999999999mo',
    'daily',
    'null',
    '__proto__',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull()
  })

  it('answers for any text, and what it takes lasts between a second and a century', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^\d{1,12}(?:s|m|h|d|w|mo)$/))
    fc.assert(
      fc.property(text, (value) => {
        const parsed = parseDuration(value)
        if (!parsed) return
        const lengthMs = addDuration(parsed, 0)
        expect(lengthMs).toBeGreaterThanOrEqual(1_000)
        expect(lengthMs).toBeLessThanOrEqual(100 * 366 * 86_400_000)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('windowAt', () => {
  const ANCHOR = ms('2026-03-29T01:30:00.123Z')

  it.each([
    ['1s', 1_000],
    ['2s', 2_000],
    ['1m', 60_000],
    ['90m', 5_400_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
  ])('rolls %s to the millisecond, without drift', (text, lengthMs) => {
    const length = duration(text)
    for (const index of [0, 1, 2, 999, 100_000]) {
      const startMs = ANCHOR + index * lengthMs
      const window = { startMs, endMs: startMs + lengthMs }
      const next = { startMs: startMs + lengthMs, endMs: startMs + 2 * lengthMs }
      expect(windowAt(length, ANCHOR, startMs)).toEqual(window)
      expect(windowAt(length, ANCHOR, startMs + lengthMs - 1)).toEqual(window)
      expect(windowAt(length, ANCHOR, startMs + lengthMs)).toEqual(next)
    }
  })

  it('has one window for ever without a duration', () => {
    for (const nowMs of [0, ANCHOR - 1, ANCHOR, ANCHOR * 2]) {
      expect(windowAt(null, ANCHOR, nowMs)).toEqual({ startMs: 0, endMs: null })
    }
  })

  it.each(['2s', '1d', '1mo', '3mo'])('counts the first window of %s before its anchor', (text) => {
    const first = windowAt(duration(text), ANCHOR, ANCHOR)
    expect(first.startMs).toBe(ANCHOR)
    for (const agoMs of [1, 5_000, 86_400_000 * 400]) {
      expect(windowAt(duration(text), ANCHOR, ANCHOR - agoMs)).toEqual(first)
    }
  })

  const MONTH_EDGES: readonly (readonly [string, string, readonly string[]])[] = [
    [
      '1mo',
      '2027-01-31T10:00:00.500Z',
      [
        '2027-02-28T10:00:00.500Z',
        '2027-03-31T10:00:00.500Z',
        '2027-04-30T10:00:00.500Z',
        '2027-05-31T10:00:00.500Z',
      ],
    ],
    ['1mo', '2028-01-31T00:00:00.000Z', ['2028-02-29T00:00:00.000Z', '2028-03-31T00:00:00.000Z']],
    ['1mo', '2028-01-29T23:59:59.999Z', ['2028-02-29T23:59:59.999Z', '2028-03-29T23:59:59.999Z']],
    ['1mo', '2027-01-29T00:00:00.000Z', ['2027-02-28T00:00:00.000Z', '2027-03-29T00:00:00.000Z']],
    ['1mo', '2026-12-15T12:00:00.000Z', ['2027-01-15T12:00:00.000Z', '2027-02-15T12:00:00.000Z']],
    [
      '1mo',
      '2028-02-29T06:00:00.000Z',
      ['2028-03-29T06:00:00.000Z', '2028-04-29T06:00:00.000Z', '2028-05-29T06:00:00.000Z'],
    ],
    ['3mo', '2026-11-30T00:00:00.000Z', ['2027-02-28T00:00:00.000Z', '2027-05-30T00:00:00.000Z']],
    [
      '12mo',
      '2028-02-29T00:00:00.000Z',
      [
        '2029-02-28T00:00:00.000Z',
        '2030-02-28T00:00:00.000Z',
        '2031-02-28T00:00:00.000Z',
        '2032-02-29T00:00:00.000Z',
      ],
    ],
    ['12mo', '2099-02-28T00:00:00.000Z', ['2100-02-28T00:00:00.000Z', '2101-02-28T00:00:00.000Z']],
  ]
  it.each(MONTH_EDGES)(
    'ends %s from %s on the anchor day, or a short month’s last',
    (text, anchor, edges) => {
      let start = anchor
      for (const end of edges) {
        expect(iso(windowAt(duration(text), ms(anchor), ms(start)))).toEqual([start, end])
        expect(iso(windowAt(duration(text), ms(anchor), ms(end) - 1))).toEqual([start, end])
        expect(iso(windowAt(duration(text), ms(anchor), ms(end)))[0]).toBe(end)
        start = end
      }
    },
  )

  const units = fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo')
  const lengths = fc
    .tuple(fc.integer({ min: 1, max: 120 }), units)
    .map(([count, unit]) => duration(`${count}${unit}`))
  const anchors = fc.integer({ min: ms('2020-01-01'), max: ms('2040-01-01') })
  const laters = fc.integer({ min: 0, max: 20 * 366 * 86_400_000 })

  it('tiles time: every instant is in one window, and the next starts where it ends', () => {
    fc.assert(
      fc.property(lengths, anchors, laters, (length, anchorMs, laterMs) => {
        const nowMs = anchorMs + laterMs
        const { startMs, endMs } = windowAt(length, anchorMs, nowMs)
        if (endMs === null) throw new Error('a duration ends')
        expect(startMs).toBeLessThanOrEqual(nowMs)
        expect(endMs).toBeGreaterThan(nowMs)
        expect(windowAt(length, anchorMs, startMs)).toEqual({ startMs, endMs })
        expect(windowAt(length, anchorMs, endMs - 1)).toEqual({ startMs, endMs })
        expect(windowAt(length, anchorMs, endMs).startMs).toBe(endMs)
        if (startMs > anchorMs) expect(windowAt(length, anchorMs, startMs - 1).endMs).toBe(startMs)
        else expect(startMs).toBe(anchorMs)
      }),
      { numRuns: 5_000 },
    )
  })

  it('walks month windows from the anchor on without a gap', () => {
    fc.assert(
      fc.property(anchors, fc.integer({ min: 1, max: 13 }), (anchorMs, count) => {
        let startMs = anchorMs
        for (let i = 0; i < 30; i++) {
          const window = windowAt(duration(`${count}mo`), anchorMs, startMs)
          expect(window.startMs).toBe(startMs)
          startMs = window.endMs ?? Number.NaN
        }
        const from = new Date(anchorMs)
        const to = new Date(startMs)
        const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12
        expect(months + to.getUTCMonth() - from.getUTCMonth()).toBe(30 * count)
      }),
      { numRuns: 200 },
    )
  })
})

describe('addDuration', () => {
  it.each([
    ['30s', '2026-01-01T00:00:00.001Z', '2026-01-01T00:00:30.001Z'],
    ['24h', '2026-03-29T00:30:00.000Z', '2026-03-30T00:30:00.000Z'],
    ['1mo', '2026-01-31T08:00:00.000Z', '2026-02-28T08:00:00.000Z'],
    ['1mo', '2026-02-28T08:00:00.000Z', '2026-03-28T08:00:00.000Z'],
    ['2w', '2026-12-25T00:00:00.000Z', '2027-01-08T00:00:00.000Z'],
  ])('adds %s to %s', (text, from, to) => {
    expect(new Date(addDuration(duration(text), ms(from))).toISOString()).toBe(to)
  })
})

describe('isoMicros', () => {
  it.each([
    ['2026-10-01T00:00:00.000Z', '2026-10-01T00:00:00.000000Z'],
    ['2026-10-01T12:34:56.789Z', '2026-10-01T12:34:56.789000Z'],
    ['1970-01-01T00:00:00.001Z', '1970-01-01T00:00:00.001000Z'],
  ])('prints %s with microseconds', (at, text) => {
    expect(isoMicros(ms(at))).toBe(text)
    expect(Date.parse(isoMicros(ms(at)))).toBe(ms(at))
  })
})
