import { expect } from 'vitest'
import { parseDuration } from '../src/duration.ts'
import { type Resets, type Schedule, type Window, windowAt } from '../src/windows.ts'

export function schedule(text: string, anchor: string | number): Schedule {
  const duration = parseDuration(text)
  if (!duration) throw new Error(`not a duration: ${text}`)
  return { duration, anchorMs: new Date(anchor).getTime() }
}

/** `HH:MM` → minutes after midnight. */
export function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

export function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

export function span({ startMs, endMs }: Window) {
  return [iso(startMs), iso(endMs)]
}

/** Windows end at these instants, at no other between them, and to the millisecond. */
export function expectEdges(rule: Schedule, resets: Resets, text: string): void {
  const edges = text.split(' ').map((edge) => Date.parse(`${edge}Z`))
  const at = (nowMs: number) => span(windowAt(rule, { nowMs, resets }))
  expect(edges.length).toBeGreaterThan(1)
  for (const [index, edge] of edges.entries()) {
    expect(at(edge - 1)[1]).toBe(iso(edge))
    expect(at(edge)[0]).toBe(iso(edge))
    const next = edges[index + 1]
    if (next === undefined) continue
    const instants = [edge, edge + 1, Math.floor((edge + next) / 2), next - 1]
    for (const nowMs of instants) expect(at(nowMs)).toEqual([iso(edge), iso(next)])
  }
}
