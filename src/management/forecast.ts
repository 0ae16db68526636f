import { isoMicros } from '../duration.ts'
import { type Pico, picoToUsd } from '../money.ts'
import type { Standing } from './live.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A first call's cost is no pace yet. */
const PACE_MIN_MS = 60_000

interface Paced {
  /** Of the main budget's open window. */
  readonly standing: Standing
  readonly limitPico: Pico | null
  readonly lastDayPico: Pico
  readonly madeMs: number
}

/**
 * How fast a budget is spent, over the last day and over its window, and when it will be spent up at
 * that pace: null if that is not before its reset.
 */
export function forecast({ standing, limitPico, lastDayPico, madeMs }: Paced, nowMs: number) {
  const since = (startMs: number) => Math.max(PACE_MIN_MS, nowMs - Math.max(startMs, madeMs))
  const at = (pico: Pico, overMs: number) => {
    const perHour = (picoToUsd(pico) * HOUR_MS) / overMs
    return { spend_per_hour: perHour, budget_ends_at: end(perHour, { standing, limitPico }, nowMs) }
  }
  return {
    last_day: at(lastDayPico, since(nowMs - DAY_MS)),
    window: at(standing.spentPico, since(standing.startMs)),
  }
}

function end(
  perHour: number,
  { standing, limitPico }: Pick<Paced, 'standing' | 'limitPico'>,
  nowMs: number,
): string | null {
  if (limitPico === null) return null
  const leftPico = limitPico - standing.spentPico
  if (leftPico <= 0n) return isoMicros(nowMs)
  const endMs = nowMs + (picoToUsd(leftPico) / perHour) * HOUR_MS
  return endMs < (standing.resetAtMs ?? END_OF_TIME_MS) ? isoMicros(Math.ceil(endMs)) : null
}

/** The last instant that a Date can be. */
const END_OF_TIME_MS = 8.64e15
