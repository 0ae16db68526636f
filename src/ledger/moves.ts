import type { Parts } from './ends.ts'
import type { PolicyRow, ScopeId } from './policy.ts'
import { isForgotten } from './scope-book.ts'
import { scopeOf } from './scopes.ts'
import type { Balance, OpeningSpend, WindowSum } from './types.ts'

/**
 * What a key takes along: where its windows stand, and its last minute. Its scopes start anew here;
 * calls in flight settle in them. The same answer each time for one version of the key's row.
 */
export function leave({ store, books }: Parts, key: PolicyRow, nowMs: number): Balance {
  const known = store.balance('out', key.id)
  if (known && known.version >= key.version) return known
  const scopes = books.scopesOf(scopeOf(key), nowMs)
  const spends = scopes.flatMap((scope) => books.windows.standing(scope))
  const traffic = scopes.map((scope) => ({ scope, traffic: books.traffic(scope, nowMs) }))
  const balance = { version: key.version, spends, traffic }

  // From here it must succeed.
  store.saveBalance('out', { key: key.id, balance }, nowMs)
  for (const scope of scopes) {
    for (const window of books.windows.standing(scope)) {
      // What is not folded yet will be, and then comes to nothing with this.
      const spentPico = books.windows.folded(scope, window) - window.spentPico
      store.saveCheckpoint(scope, { ...window, spentPico })
    }
    books.windows.clear(scope)
  }
  return balance
}

/**
 * Takes over what was spent elsewhere, such as a key brings. Once by its name: the same again
 * changes nothing. One version may come with Postgres' copy, and then with more, of a ledger that
 * was opened meanwhile: the rest is added.
 */
export function takeOver(
  { store, books }: Parts,
  { name, balance }: { readonly name: string; readonly balance: Balance },
  nowMs: number,
): void {
  const known = store.balance('in', name)
  if (known && known.version > balance.version) return
  const earlier = known?.version === balance.version ? known : null
  const spends = earlier ? beyond(balance.spends, earlier.spends) : balance.spends
  // Postgres knows of no minute: what came with one came whole.
  const isNewMinute = !earlier || earlier.traffic.length === 0
  const traffic = isNewMinute ? balance.traffic : []
  if (earlier && spends.length === 0 && traffic.length === 0) return
  const joined = spends.map((spend) => join({ store, books }, spend, nowMs))

  // From here it must succeed.
  const kept = {
    version: balance.version,
    spends: [...(earlier?.spends ?? []), ...spends],
    traffic: isNewMinute ? traffic : earlier.traffic,
  }
  store.saveBalance('in', { key: name, balance: kept }, nowMs)
  for (const { scope, folded } of joined) store.saveCheckpoint(scope, folded)
  const windows = joined.map(({ scope, whole }) => ({ scope, ...whole }))
  books.bring(windows, traffic, nowMs)
}

/**
 * Takes over what a window had spent before it was added. One that was there when its row was told is
 * in the checkpoint, and has counted for itself.
 */
export function remember(
  parts: Parts,
  { spend, version }: { readonly spend: OpeningSpend; readonly version: number },
  nowMs: number,
): void {
  const { scope, budget } = spend
  const before = parts.store.checkpoint(scope).find((sum) => sum.budget === budget)
  if (before && !isForgotten(before)) return
  const balance = { version, spends: [spend], traffic: [] }
  takeOver(parts, { name: `${scope} ${budget}`, balance }, nowMs)
}

/** By how much windows hold more than all that came for them before. */
function beyond(spends: readonly OpeningSpend[], before: readonly OpeningSpend[]): OpeningSpend[] {
  return spends.flatMap((spend) => {
    const { scope, budget, startMs } = spend
    const more = before
      .filter((one) => one.scope === scope && one.budget === budget && one.startMs === startMs)
      .reduce((pico, { spentPico }) => pico - spentPico, spend.spentPico)
    return more > 0n ? [{ ...spend, spentPico: more }] : []
  })
}

interface Joined {
  readonly scope: ScopeId
  /** The window with what comes, and what of it the checkpoint has to say. */
  readonly whole: WindowSum
  readonly folded: WindowSum
}

/**
 * Of two windows that do not overlap the later one counts. Those that do are one, which calls began
 * here that settled after the key had left, or came before it: it starts when the later one did.
 */
function join({ books }: Parts, { scope, ...brought }: OpeningSpend, nowMs: number): Joined {
  books.load([scope], nowMs)
  const known = books.windows.last(scope, brought.budget)
  if (!known || (known.startMs < brought.startMs && !overlap(known, brought))) {
    return { scope, whole: brought, folded: brought }
  }
  const foldedPico = books.windows.folded(scope, known)
  if (!overlap(known, brought)) {
    return { scope, whole: known, folded: { ...known, spentPico: foldedPico } }
  }
  const isNewer = isForgotten(known) || (brought.version ?? 0) >= (known.version ?? 0)
  const newer = isNewer ? brought : known
  const window = { ...newer, startMs: Math.max(known.startMs, brought.startMs) }
  const whole = { ...window, spentPico: known.spentPico + brought.spentPico }
  // Entries of a window that starts later now do not come into the checkpoint any more.
  const isMoved = known.startMs < brought.startMs
  const before = isMoved ? known.spentPico : foldedPico
  return { scope, whole, folded: { ...window, spentPico: before + brought.spentPico } }
}

/** One that is forgotten has no length, and is where it starts. */
function overlap(a: WindowSum, b: WindowSum): boolean {
  if (a.startMs === b.startMs) return true
  return a.startMs < (b.endMs ?? Infinity) && b.startMs < (a.endMs ?? Infinity)
}
