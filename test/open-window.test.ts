import { describe, expect, it } from 'vitest'
import { parseDuration } from '../src/duration.ts'
import { openWindow, ROLLING, type Window } from '../src/windows.ts'

const T0 = Date.UTC(2026, 9, 1, 12)
const at = (seconds: number | null) => (seconds === null ? null : T0 + seconds * 1_000)
const window = ([start, end]: Seconds): Window => ({ startMs: at(start)!, endMs: at(end) })

/** [start, end] in seconds after noon. */
type Seconds = readonly [number, number | null]
/** A duration, and since when it holds. */
type Rule = readonly [string | null, number]

const EVER: Seconds = [-T0 / 1_000, null]

/** An instant, in seconds after noon. */
const day = (text: string) => (Date.parse(text) - T0) / 1_000

function open([text, since]: Rule, known: Seconds | null, now: number): Window {
  const duration = text === null ? null : parseDuration(text)
  const rule = { duration, anchorMs: at(since)! }
  return openWindow(rule, known && window(known), { nowMs: at(now)!, resets: ROLLING })
}

describe('the window that is open', () => {
  it.each<readonly [string, Rule, Seconds | null, number, Seconds]>([
    ['nothing is known', ['10s', 0], null, 25, [20, 30]],
    ['nothing is known, and it never ends', [null, 0], null, 25, EVER],
    ['it is known', ['10s', 0], [20, 30], 25, [20, 30]],
    ['it is known, in its last millisecond', ['10s', 0], [20, 30], 29.999, [20, 30]],
    ['it ends', ['10s', 0], [20, 30], 30, [30, 40]],
    ['it ended long ago', ['10s', 0], [20, 30], 95.5, [90, 100]],
    ['it is ahead of the clock', ['10s', 0], [20, 30], 19.999, [20, 30]],
    ['it never ends', [null, 0], EVER, 1e9, EVER],
  ])('when %s', (_name, rule, known, now, expected) => {
    expect(open(rule, known, now)).toEqual(window(expected))
  })
})

describe('windows that were taken from another row', () => {
  const taken = (since: number, known: Seconds, now: number) => {
    const rule = { duration: parseDuration('10s'), anchorMs: T0, sinceMs: at(since)! }
    return openWindow(rule, window(known), { nowMs: at(now)!, resets: ROLLING })
  }

  it.each<readonly [string, number, Seconds, number, Seconds]>([
    ['go on with the one that was open', 95, EVER, 96, [EVER[0], 100]],
    ['… until the end of the row’s', 95, EVER, 99.999, [EVER[0], 100]],
    ['… and then follow the row', 95, EVER, 100, [100, 110]],
    ['begin when they were taken if the last one had ended', 95, [20, 30], 96, [95, 100]],
    ['… and then follow the row', 95, [20, 30], 101, [100, 110]],
  ])('%s', (_name, since, known, now, expected) => {
    expect(taken(since, known, now)).toEqual(window(expected))
  })
})

describe('a duration that changed', () => {
  it.each<readonly [string, Rule, Seconds, number, Seconds]>([
    ['to a longer one', ['1m', 25], [20, 30], 26, [20, 85]],
    ['… at the same instant', ['1m', 25], [20, 30], 25, [20, 85]],
    ['… until the new one’s end', ['1m', 25], [20, 30], 84.999, [20, 85]],
    ['… and from there on by its own length', ['1m', 25], [20, 30], 85, [85, 145]],
    ['… once it is known to go on', ['1m', 25], [20, 85], 40, [20, 85]],
    ['to a shorter one', ['10s', 25], [0, 60], 30, [0, 35]],
    ['… and from there on by its own length', ['10s', 25], [0, 60], 35, [35, 45]],
    ['in its last millisecond', ['10s', 29.999], [20, 30], 30, [20, 39.999]],
    ['as it ended', ['10s', 30], [20, 30], 30, [30, 40]],
    ['after it had ended', ['1m', 47], [20, 30], 50, [47, 107]],
    ['twice', ['10s', 50], [20, 85], 55, [20, 60]],
    ['from none', ['10s', 25], EVER, 26, [-T0 / 1_000, 35]],
    ['from none, and ended', ['10s', 25], EVER, 35, [35, 45]],
    ['to none', [null, 25], [20, 30], 26, [20, null]],
    ['to none, long ago', [null, 25], [20, null], 1e9, [20, null]],
    ['to none in its last millisecond', [null, 29.999], [20, 30], 1e6, [20, null]],
    ['to none as it ended', [null, 30], [20, 30], 31, [30, null]],
    ['to none after it had ended', [null, 47], [20, 30], 50, [47, null]],
    ['from one whose end nobody noted', ['1m', 25], [20, null], 26, [20, 85]],
    ['to the same one', ['10s', 25], [20, 30], 26, [20, 35]],
  ])('%s', (_name, rule, known, now, expected) => {
    expect(open(rule, known, now)).toEqual(window(expected))
  })

  it('to months goes on until the same day of the next month', () => {
    const edited = day('2027-01-31T09:00Z')
    const known: Seconds = [edited - 60, edited + 60]
    const end = day('2027-02-28T09:00Z')
    expect(open(['1mo', edited], known, edited + 1)).toEqual(window([edited - 60, end]))
    expect(open(['1mo', edited], known, end)).toEqual(window([end, day('2027-03-31T09:00Z')]))
  })

  it('says the same, however often it is asked on the way', () => {
    for (const rule of [['10s', 25] as Rule, ['1m', 25] as Rule, [null, 25] as Rule]) {
      let known = window([20, 30])
      for (let now = 25; now < 300; now += 0.5) {
        const once = open(rule, [20, 30], now)
        const duration = rule[0] === null ? null : parseDuration(rule[0])
        const asked = { duration, anchorMs: at(rule[1])! }
        known = openWindow(asked, known, { nowMs: at(now)!, resets: ROLLING })
        expect([now, known]).toEqual([now, once])
      }
    }
  })
})
