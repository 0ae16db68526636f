import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDuration, type Duration, isoMicros, parseDuration } from '../src/duration.ts'

const ms = (iso: string): number => Date.parse(iso)
const duration = (text: string): Duration => {
  const parsed = parseDuration(text)
  if (!parsed) throw new Error(`not a duration: ${text}`)
  return parsed
}

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
