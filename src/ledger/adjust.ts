import type { Parts } from './ends.ts'
import { adjustments } from './entries.ts'
import { allScopes, scopeOf } from './scopes.ts'
import type { Entry } from './store.ts'
import type { AdjustAnswer, AdjustRequest } from './types.ts'

/**
 * An admin's change of a scope's spend: an entry that counts in its main budget only. Once per id,
 * and never above what was spent.
 */
export function adjust(
  { store, books }: Parts,
  request: AdjustRequest,
  nowMs: number,
): Exclude<AdjustAnswer, { kind: 'unopened' }> {
  const known = store.entry(request.id, 0)
  if (known) return answerOf(known)
  const id = scopeOf(request.row)
  const scope = allScopes(request, nowMs).find((one) => one.id === id)
  if (!scope) throw new Error(`no such row among those of the adjustment: ${id}`)
  const [main] = books.budgets(scope, nowMs)
  if (!main) throw new Error(`a scope without a main budget: ${id}`)
  const { spentPico } = main
  const { byPico } = request
  const toPico = byPico === undefined ? request.toPico : spentPico + byPico
  if (toPico > spentPico) return { kind: 'too_much', spentPico }

  // From here it must succeed.
  const charged = books.windows.at(scope.rules.slice(0, 1), nowMs)
  const detail = { ...request.detail, beforePico: String(spentPico), afterPico: String(toPico) }
  const change = { id: request.id, pico: toPico - spentPico, charged, detail }
  for (const entry of adjustments(change, nowMs)) {
    store.insert(entry)
    books.charge(charged, entry.chargePico, nowMs)
  }
  return { kind: 'adjusted', beforePico: spentPico, afterPico: toPico }
}

function answerOf({ detail }: Entry): Exclude<AdjustAnswer, { kind: 'unopened' }> {
  const [beforePico, afterPico] = [detail['beforePico'], detail['afterPico']].map((text) =>
    BigInt(String(text)),
  )
  return { kind: 'adjusted', beforePico: beforePico ?? 0n, afterPico: afterPico ?? 0n }
}
