import { formatPico } from '../../money.ts'
import { periodAt, type Price, type RateName } from '../rates.ts'
import { priceWith } from '../resolve.ts'
import type { PriceFile } from './price-file.ts'

/** A refresh that loses more of the models, or moves a used price further, is a mistake. */
const LOST_MAX_PERCENT = 5
const MOVE_MAX = 3n
const COMPARED: readonly RateName[] = ['input', 'output', 'cacheRead', 'cacheWrite']

export interface UsedModel {
  readonly provider: string
  /** A name, or a pattern with `*`: then every model of the provider's. */
  readonly model: string
}

export interface Refresh {
  /** Null: there was none, and the catalog was in force. */
  readonly before: PriceFile | null
  readonly after: PriceFile
  readonly used: readonly UsedModel[]
  readonly nowMs: number
}

/** What speaks against a new price file; null: nothing. */
export function refreshProblem({ before, after, used, nowMs }: Refresh): string | null {
  const names = [...(before?.keys() ?? [])]
  const lost = names.filter((name) => !after.has(name))
  if (lost.length * 100 > names.length * LOST_MAX_PERCENT) {
    return `it lost ${lost.length} of ${names.length} models, ${lost[0]} among them`
  }
  for (const { provider, model } of used.flatMap((row) => namesOf(row, { before, after }))) {
    const was = priceWith(before, provider, model)
    if (!was) continue
    const is = priceWith(after, provider, model)
    if (!is) return `${provider}/${model} has lost its price`
    const moved = moveOf(was, is, nowMs)
    if (moved) return `${provider}/${model}: ${moved}`
  }
  return null
}

function namesOf(row: UsedModel, files: Pick<Refresh, 'before' | 'after'>): readonly UsedModel[] {
  if (!row.model.includes('*')) return [row]
  const entries = [...(files.before ?? []), ...files.after]
  const own = entries.filter(([, { provider }]) => provider === row.provider)
  const prefix = `${row.provider}/`
  const names = own.map(([name]) => (name.startsWith(prefix) ? name.slice(prefix.length) : name))
  return [...new Set(names)].map((model) => ({ provider: row.provider, model }))
}

function moveOf(was: Price, is: Price, nowMs: number): string | null {
  const [before, after] = [periodAt(was, nowMs).rates, periodAt(is, nowMs).rates]
  for (const name of COMPARED) {
    const [from, to] = [before[name], after[name]]
    if (from === undefined || to === undefined) continue
    const [low, high] = from < to ? [from, to] : [to, from]
    if (high <= low * MOVE_MAX) continue
    return `its rate "${name}" went from ${formatPico(from)} to ${formatPico(to)} USD`
  }
  return null
}
