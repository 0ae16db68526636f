import type { Pico } from '../money.ts'
import type { Books } from './books.ts'
import { bounded, tombstone } from './entries.ts'
import { rulesOf, type Scope } from './scopes.ts'
import type { Entry, LedgerStore, WindowRule } from './store.ts'
import type { EntryDetail, SettleRequest } from './types.ts'

/** What a change to the books needs: where they are kept, and where they are counted. */
export interface Parts {
  readonly store: LedgerStore
  readonly books: Books
}

interface News {
  readonly chargePico: Pico
  readonly tokens: number
  readonly detail: EntryDetail
  /** Which budgets it counts in. */
  readonly rules: readonly WindowRule[]
}

export interface End extends News {
  readonly state: 'settled' | 'released' | 'expired'
}

/** A hold ends: its money is free again, and its charge counts in the windows of now. */
export function endHold(
  { store, books }: Parts,
  { entry, end }: { readonly entry: Entry; readonly end: End },
  nowMs: number,
): void {
  const chargePico = bounded(end.chargePico)
  const detail = { ...entry.detail, ...end.detail }
  const charged = books.windows.at(end.rules, nowMs)
  const { state, tokens } = end
  store.update({ ...entry, state, chargePico, tokens, charged, detail, endedMs: nowMs })
  books.end(entry, tokens, nowMs)
  books.charge(charged, chargePico, nowMs)
}

/** The charge of a call that the ledger never saw: money was spent. */
export function chargeUnknown(
  { store, books }: Parts,
  { request, scopes }: { readonly request: SettleRequest; readonly scopes: readonly Scope[] },
  nowMs: number,
): void {
  const charged = books.windows.at(rulesOf(scopes), nowMs)
  const chargePico = bounded(request.chargePico)
  const ids = scopes.map(({ id }) => id)
  store.insert({
    ...tombstone(request.id, nowMs),
    state: 'settled',
    scopes: ids,
    chargePico,
    charged,
    tokens: request.tokens,
    detail: { ...request.detail, unknown: true },
  })
  books.charge(charged, chargePico, nowMs)
  books.unannounced(ids, request.tokens, nowMs)
}

/** News after the end: the signed difference, once, in the windows that were charged. */
export function correct(
  { store, books }: Parts,
  { entry, news }: { readonly entry: Entry; readonly news: News },
  nowMs: number,
): void {
  if (store.entry(entry.id, 1)) return
  const wasCharged = entry.charged.length > 0
  const charged = wasCharged
    ? books.windows.joined(entry.charged, entry.endedMs ?? nowMs)
    : books.windows.at(news.rules, nowMs)
  const chargePico = bounded(news.chargePico) - entry.chargePico
  store.insert({
    ...entry,
    revision: 1,
    state: 'settled',
    scopes: [...new Set(news.rules.map(({ scope }) => scope))],
    endedMs: wasCharged ? entry.endedMs : nowMs,
    chargePico,
    charged,
    tokens: news.tokens - entry.tokens,
    detail: { ...entry.detail, ...news.detail, corrected: true },
  })
  books.charge(charged, chargePico, nowMs)
}
