import { decode } from '../../../src/json.ts'
import type { Balance } from '../../../src/ledger/types.ts'
import type { DiskBooks } from './disk-books.ts'
import type { Disk } from '../sql.ts'

/** What a key left or came with last; null: it never did. */
export function kept(disk: Disk, direction: 'out' | 'in', key: string): Balance | null {
  const query = 'SELECT body FROM balance WHERE direction = ? AND id = ?'
  const [row] = disk.exec<{ body: string }>(query, [direction, key]).toArray()
  return row ? decode<Balance>(row.body) : null
}

/** What a key takes along is what was there, and then nothing is. */
export function leaveProblems(
  before: ReturnType<DiskBooks['ofKey']>,
  { spends }: Balance,
  after: DiskBooks,
): string[] {
  const taken = before.flatMap(({ scope, budget, startMs, pico }) => {
    const spend = spends.find((one) => one.scope === scope && one.budget === budget)
    // A window that rolled meanwhile has nothing in it yet.
    const expected = spend && spend.startMs > startMs ? 0n : pico
    if ((spend?.spentPico ?? 0n) === expected) return []
    return [`${spend?.spentPico} of ${scope} ${budget}, there was ${expected}`]
  })
  const left = spends.flatMap(({ scope, budget, startMs }) => {
    const rest = after.spent(scope, budget, startMs)
    return rest === 0n ? [] : [`${rest} of ${scope} ${budget} stayed`]
  })
  return [...taken, ...left]
}

interface Arrival {
  readonly key: string
  readonly before: DiskBooks
  readonly after: DiskBooks
  /** What it came with before. */
  readonly known: Balance | null
}

/**
 * What a key brings is added, once; if it comes again with more, so is that. Of a window that was
 * over before the one that is open here began, nothing is.
 */
export function arriveProblems({ version, spends }: Balance, arrival: Arrival): string[] {
  const { key, before, after, known } = arrival
  const last = after.ofKey(key)
  return spends.flatMap(({ scope, budget, startMs, endMs = null, spentPico }) => {
    const isThis = (one: { scope: string; budget: string }): boolean =>
      one.scope === scope && one.budget === budget
    const came = (known?.version === version ? known.spends : [])
      .filter((one) => isThis(one) && one.startMs === startMs)
      .reduce((pico, one) => pico + one.spentPico, 0n)
    const isOld = known !== null && known.version > version
    const isRepeated = isOld || (known?.version === version && spentPico <= came)
    const open = last.find(isThis)
    const isOver = endMs !== null && open !== undefined && open.startMs >= endMs
    const isNews = !isRepeated && !isOver
    const at = isOver ? open.startMs : startMs
    const was = before.spent(scope, budget, at)
    const is = after.spent(scope, budget, at)
    if (is === was + (isNews ? spentPico - came : 0n)) return []
    return [`${spentPico} of ${scope} ${budget}, ${was} became ${is}`]
  })
}
