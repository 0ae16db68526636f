import type { BudgetPolicy } from '../../src/ledger/policy.ts'

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

export interface Span {
  readonly startMs: number
  readonly endMs: number | null
}

/** Since when a budget's windows have had which length; null: they never end. */
interface Era {
  readonly sinceMs: number
  readonly lengthMs: number | null
}

/**
 * How one budget's windows have lain since the beginning of the world, from its edits alone: nobody
 * has to look at the right moment, and nothing is rolled.
 */
export class Timeline {
  #eras: Era[]

  constructor(first: BudgetPolicy) {
    this.#eras = [{ sinceMs: first.anchorMs, lengthMs: lengthOf(first) }]
  }

  edit(policy: BudgetPolicy): void {
    this.#eras.push({ sinceMs: policy.anchorMs, lengthMs: lengthOf(policy) })
  }

  /** The window that is open: what was open at an edit goes on until the new era's first end. */
  at(nowMs: number): Span {
    let open: Span | null = null
    for (const [i, era] of this.#eras.entries()) {
      const untilMs = this.#eras[i + 1]?.sinceMs ?? nowMs
      open = windowIn(era, open, untilMs)
    }
    return open!
  }
}

function windowIn({ sinceMs, lengthMs }: Era, open: Span | null, atMs: number): Span {
  if (lengthMs === null) return { startMs: open?.startMs ?? 0, endMs: null }
  const firstEndMs = sinceMs + lengthMs
  if (open && atMs < firstEndMs) return { startMs: open.startMs, endMs: firstEndMs }
  const startMs = atMs - ((atMs - sinceMs) % lengthMs)
  return { startMs, endMs: startMs + lengthMs }
}

function lengthOf({ duration }: BudgetPolicy): number | null {
  if (!duration) return null
  if (duration.unit === 'mo') throw new Error('no months in this world')
  return duration.count * UNIT_MS[duration.unit]
}
