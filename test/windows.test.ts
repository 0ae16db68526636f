import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Duration, parseDuration } from '../src/duration.ts'
import { ROLLING, type Window, windowAt } from '../src/windows.ts'

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
const rolling = (length: Duration | null, anchorMs: number, nowMs: number): Window =>
  windowAt({ duration: length, anchorMs }, { nowMs, resets: ROLLING })

describe('a rolling window', () => {
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
      expect(rolling(length, ANCHOR, startMs)).toEqual(window)
      expect(rolling(length, ANCHOR, startMs + lengthMs - 1)).toEqual(window)
      expect(rolling(length, ANCHOR, startMs + lengthMs)).toEqual(next)
    }
  })

  it('has one window for ever without a duration', () => {
    for (const nowMs of [0, ANCHOR - 1, ANCHOR, ANCHOR * 2]) {
      expect(rolling(null, ANCHOR, nowMs)).toEqual({ startMs: 0, endMs: null })
    }
  })

  it.each(['2s', '1d', '1mo', '3mo'])('counts the first window of %s before its anchor', (text) => {
    const first = rolling(duration(text), ANCHOR, ANCHOR)
    expect(first.startMs).toBe(ANCHOR)
    for (const agoMs of [1, 5_000, 86_400_000 * 400]) {
      expect(rolling(duration(text), ANCHOR, ANCHOR - agoMs)).toEqual(first)
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
        expect(iso(rolling(duration(text), ms(anchor), ms(start)))).toEqual([start, end])
        expect(iso(rolling(duration(text), ms(anchor), ms(end) - 1))).toEqual([start, end])
        expect(iso(rolling(duration(text), ms(anchor), ms(end)))[0]).toBe(end)
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
        const { startMs, endMs } = rolling(length, anchorMs, nowMs)
        if (endMs === null) throw new Error('a duration ends')
        expect(startMs).toBeLessThanOrEqual(nowMs)
        expect(endMs).toBeGreaterThan(nowMs)
        expect(rolling(length, anchorMs, startMs)).toEqual({ startMs, endMs })
        expect(rolling(length, anchorMs, endMs - 1)).toEqual({ startMs, endMs })
        expect(rolling(length, anchorMs, endMs).startMs).toBe(endMs)
        if (startMs > anchorMs) expect(rolling(length, anchorMs, startMs - 1).endMs).toBe(startMs)
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
          const window = rolling(duration(`${count}mo`), anchorMs, startMs)
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
