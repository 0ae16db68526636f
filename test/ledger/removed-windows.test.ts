import { describe, expect, it } from 'vitest'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import { idAt, KEY_SCOPE, T0 } from './build.ts'
import { account, HELD, plain, rolling, type Step, story, withDay } from './window-story.ts'

/** The folding may come at any time. */
const STEPS = ['remove', 'spend', 'add', 'look', 'remember'] as const
const FOLDS = [...STEPS.keys(), STEPS.length]

describe('a window of the calendar that is removed and added again', () => {
  const lives = [
    ['in one life', [] as Step[]],
    ['after evictions', ['evict'] as Step[]],
  ] as const

  for (const [life, evictions] of lives) {
    it.each(FOLDS)(`counts its history, with folding before step %i, ${life}`, (fold) =>
      story((one) => {
        one.do('spend')
        one.do('deliver')
        for (const [i, step] of [...STEPS, 'look' as const].entries()) {
          for (const then of [...evictions, ...(i === fold ? (['fold'] as const) : [])])
            one.do(then)
          one.do(step)
        }
        expect(one.spent).toBe(60n)
        one.do('spend')
        for (const step of [
          'look',
          'evict',
          'look',
          'fold',
          'look',
          'evict',
          'remember',
        ] as const) {
          one.do(step)
          expect(one.spent, step).toBe(90n)
        }
      }),
    )
  }

  it('counts it each time that it is', () =>
    story((one) => {
      one.do('spend')
      for (let times = 0; times < 5; times++) {
        for (const step of STEPS) one.do(step)
        expect(one.spent).toBe(BigInt(60 + 30 * times))
        one.do(times % 2 === 0 ? 'fold' : 'evict')
      }
    }))

  it('counts what was spent after it was added, when there is no history', () =>
    story((one) => {
      for (const step of ['spend', 'remove', 'add', 'spend', 'fold', 'evict'] as const) one.do(step)
      expect(one.spent).toBe(30n)
    }))
})

describe('a call in flight while its window is removed', () => {
  it.each<readonly [string, Step[], Step[]]>([
    ['settles before it is added again', ['remove'], ['add', 'look']],
    ['and folded', ['remove', 'evict'], ['fold', 'evict', 'add']],
    ['of which nobody knew', ['evict', 'remove'], ['spend', 'fold', 'add']],
    ['and looked at by an old row', ['remove', 'look'], ['look', 'spend', 'evict', 'add', 'spend']],
  ])('counts as history: %s', (_name, before, after) =>
    story((one) => {
      const { rows } = one
      const id = one.hold()
      for (const step of before) one.do(step)
      one.settle(id, 5n, rows)
      for (const step of after) one.do(step)
      const sinceAdded = after.lastIndexOf('spend') > after.indexOf('add') ? 30n : 0n
      const all = one.historyPico
      one.historyPico -= sinceAdded
      one.do('remember')
      for (const step of ['look', 'evict', 'fold', 'evict'] as const) {
        one.do(step)
        expect(one.spent, step).toBe(all)
      }
    }),
  )

  it('that lapses is corrected as it counts: not while it is forgotten', () =>
    story((one) => {
      const { rows, disk } = one
      const [early, late] = [one.hold(), one.hold()]
      one.nowMs += HOLD_MS
      disk.core.expire(one.nowMs)
      one.do('remove')
      one.settle(early, 7n, rows)
      one.historyPico += HELD
      for (const step of ['fold', 'evict', 'add', 'remember'] as const) one.do(step)
      expect(one.spent).toBe(7n + HELD)
      one.settle(late, 11n, rows)
      for (const step of ['look', 'evict', 'fold', 'evict'] as const) {
        one.do(step)
        expect(one.spent, step).toBe(18n)
      }
    }))

  it.each<readonly [string, Step[]]>([
    ['that nobody looked at', ['remove', 'add', 'evict']],
    ['that was looked at', ['remove', 'add', 'look']],
    ['that was removed twice', ['remove', 'add', 'remove', 'add', 'evict']],
  ])('that lapses is corrected in a window %s since it was added again', (_name, steps) =>
    story((one) => {
      const { rows } = one
      const id = one.hold()
      one.nowMs += HOLD_MS
      one.disk.core.expire(one.nowMs)
      for (const step of steps) one.do(step)
      one.settle(id, 11n, rows)
      for (const step of ['look', 'evict', 'fold', 'evict'] as const) {
        one.do(step)
        expect(one.spent, step).toBe(11n - HELD)
      }
    }),
  )

  it('does not count in a window that was added and removed meanwhile, unlooked at', () =>
    story((one) => {
      const { rows } = one
      const id = one.hold()
      for (const step of ['remove', 'add', 'remove'] as const) one.do(step)
      one.settle(id, 5n, rows)
      for (const step of ['spend', 'add', 'remember'] as const) one.do(step)
      expect(one.spent).toBe(35n)
    }))

  it('does not add it again, nor does one that the ledger never saw', () =>
    story((one) => {
      one.do('spend')
      const { rows } = one
      one.do('remove')
      one.settle(idAt(one.nowMs, 99), 5n, rows)
      for (const step of ['look', 'fold', 'look', 'evict', 'look'] as const) {
        one.do(step)
        const standing = one.disk.core.books.windows.standing(KEY_SCOPE)
        expect(standing.map(({ budget: id, spentPico }) => [id, spentPico])).toEqual([
          ['main', 35n],
        ])
      }
    }))
})

describe('a window that is removed', () => {
  it.each<readonly [string, Step[]]>([
    ['in one life', ['fold']],
    ['after an eviction', ['fold', 'evict']],
  ])('begins anew where windows are rolling, %s', (_name, steps) =>
    story(
      (one) => {
        for (const step of ['spend', 'remove'] as const) one.do(step)
        one.tell(rolling(3, one.nowMs))
        for (const step of steps) one.do(step)
        expect(one.spent).toBe(0n)
        one.do('spend')
        for (const step of steps) one.do(step)
        expect(one.spent).toBe(30n)
      },
      rolling(1, T0),
    ),
  )

  it('counts, added with an earlier start, all that was spent in it since', () =>
    story(
      (one) => {
        const steps = [
          'spend',
          'remove',
          'add',
          'spend',
          'fold',
          'evict',
          'spend',
          'evict',
        ] as const
        for (const step of steps) one.do(step)
        expect(one.spent).toBe(60n)
      },
      rolling(1, T0),
    ))

  it('stays if a later row, which a call brought, has it again', () =>
    story((one) => {
      const later = withDay(3)
      one.settle(one.hold([later, account]), 40n, [later, account])
      one.disk.core.tell(plain(2), one.nowMs)
      one.tell(later)
      for (const step of ['look', 'evict', 'fold'] as const) {
        one.do(step)
        expect(one.spent).toBe(40n)
      }
    }))
})
