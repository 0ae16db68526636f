import { describe, expect, it } from 'vitest'
import type { AccountSnapshot } from '../../src/ledger/snapshot.ts'
import { roll } from '../../src/ledger/snapshot.ts'
import { render } from '../../src/metrics/exposition.ts'

const HOUR_MS = 3_600_000

const snapshot: AccountSnapshot = {
  accountId: 'team:t1',
  alias: 'QA Prod Bot',
  limitPico: 1_000n,
  duration: { count: 1, unit: 'd' },
  anchorMs: 0,
  startMs: 0,
  spentPico: 3_500_000n,
  heldPico: 0n,
}

function lines(accounts: readonly AccountSnapshot[], era: 'docs' | 'v1.84' = 'docs'): string[] {
  return render({ accounts, stale: 0, teamLabels: era, nowMs: HOUR_MS }).split('\n')
}

describe('render', () => {
  it('never clamps what remains, and prints it as Python does', () => {
    expect(lines([snapshot])).toContain(
      'litellm_remaining_team_budget_metric{team_alias="QA Prod Bot",team_id="t1"} -3.499e-06',
    )
  })

  it('names the labels as the era does', () => {
    expect(lines([snapshot], 'v1.84')).toContain(
      'litellm_remaining_team_budget_metric{team="t1",team_alias="QA Prod Bot"} -3.499e-06',
    )
  })

  it('has no maximum for a team without one, and an infinite rest', () => {
    const text = lines([{ ...snapshot, limitPico: null, duration: null, alias: null }])
    const labels = '{team_alias="None",team_id="t1"}'
    expect(text).toContain(`litellm_remaining_team_budget_metric${labels} +Inf`)
    expect(text.filter((line) => line.startsWith('litellm_team_max_budget_metric'))).toEqual([])
    expect(text.filter((line) => line.startsWith('litellm_team_budget_remaining_hours'))).toEqual(
      [],
    )
  })

  it('counts the hours to the reset, and what is held and overshot', () => {
    const labels = '{team_alias="QA Prod Bot",team_id="t1"}'
    const text = lines([{ ...snapshot, endMs: 24 * HOUR_MS, heldPico: 2_000_000n }])
    expect(text).toContain(`litellm_team_max_budget_metric${labels} 1e-09`)
    expect(text).toContain(`litellm_team_budget_remaining_hours_metric${labels} 23.0`)
    expect(text).toContain(`tollgate_team_held_usd${labels} 2e-06`)
    expect(text).toContain(`tollgate_team_overshoot_usd${labels} 3.499e-06`)
  })

  it('escapes labels, sorts teams and leaves other accounts out', () => {
    const text = lines([
      { ...snapshot, accountId: 'team:t2' },
      { ...snapshot, alias: 'a "b" \\ c\nd' },
      { ...snapshot, accountId: 'user:u1' },
    ]).filter((line) => line.startsWith('litellm_remaining_team_budget_metric{'))
    expect(text).toEqual([
      String.raw`litellm_remaining_team_budget_metric{team_alias="a \"b\" \\ c\nd",team_id="t1"} -3.499e-06`,
      'litellm_remaining_team_budget_metric{team_alias="QA Prod Bot",team_id="t2"} -3.499e-06',
    ])
  })

  it('declares every metric once', () => {
    const types = lines([snapshot, { ...snapshot, accountId: 'team:t2' }]).filter((line) =>
      line.startsWith('# TYPE'),
    )
    expect(new Set(types).size).toBe(types.length)
    expect(types).toContain('# TYPE litellm_remaining_team_budget_metric gauge')
  })
})

describe('roll', () => {
  it("rolls a sleeping ledger's window exactly at its end", () => {
    expect(roll(snapshot, 24 * HOUR_MS - 1)).toMatchObject(snapshot)
    expect(roll(snapshot, 24 * HOUR_MS)).toMatchObject({ spentPico: 0n, startMs: 24 * HOUR_MS })
  })

  it('rolls at the midnight of its zone where windows lie in calendars', () => {
    const resets = { alignment: 'calendar', timezone: 'Asia/Kolkata', resetMinute: 0 } as const
    const known = { ...snapshot, resets, startMs: 2 * HOUR_MS, endMs: 18.5 * HOUR_MS }
    expect(roll(known, 18.5 * HOUR_MS - 1)).toMatchObject(known)
    expect(roll(known, 18.5 * HOUR_MS)).toMatchObject({ spentPico: 0n, endMs: 42.5 * HOUR_MS })
  })

  it('lifts the limit while a temporary increase lasts', () => {
    const increase = { pico: 5n, untilMs: 2 * HOUR_MS }
    const lifted = { ...snapshot, limitPico: 1_000n, increase }
    expect(roll(lifted, 2 * HOUR_MS - 1).limitPico).toBe(1_005n)
    expect(roll(lifted, 2 * HOUR_MS).limitPico).toBe(1_000n)
    const unlimited = { ...snapshot, limitPico: null, increase }
    expect(roll(unlimited, HOUR_MS).limitPico).toBeNull()
  })

  it('keeps a window open whose duration changed while it was', () => {
    const edited = { ...snapshot, endMs: 24 * HOUR_MS, anchorMs: 20 * HOUR_MS }
    expect(roll(edited, 43 * HOUR_MS)).toMatchObject({ startMs: 0, spentPico: snapshot.spentPico })
    expect(roll(edited, 44 * HOUR_MS)).toMatchObject({ startMs: 44 * HOUR_MS, spentPico: 0n })
  })
})
