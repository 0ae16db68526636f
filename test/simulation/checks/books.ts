import type { Spent } from '../database/tables.ts'
import { DiskBooks } from '../ledger/disk-books.ts'
import type { Town } from '../town.ts'
import { chargedIn, lowered, wrongWindows } from './charges.ts'
import { keysOff } from './key-totals.ts'
import { copyOf, type Standing, standingsOf } from './standings.ts'

/** Each budget: its ledger in memory and on disk, Postgres and the log rows agree. */
export async function scopesOff(town: Town): Promise<string[]> {
  const problems = [...wrongWindows(town)]
  const standings: Standing[] = []
  for (const account of town.database.accounts.values()) {
    const { accountId } = account
    const found = await standingsOf(town, account)
    if (found) standings.push(...found)
    else if (isUsed(town, accountId)) problems.push(`${accountId} was never opened`)
    const { alarmMs, disk } = town.hostOf(account)
    if (alarmMs !== null) problems.push(`${accountId}: its alarm is never done`)
    for (const standing of found ?? []) {
      const said = ledgerProblems(standing, new DiskBooks(disk))
      said.push(...copyProblems(town, standing))
      if (standing.scope.kind !== 'key') said.push(...logProblems(town, standing))
      if (standing.state.spentPico < 0n && !mayBeNegative(town, standing)) said.push('negative')
      problems.push(...said.map((one) => `${nameOf(standing)}: ${one}`))
    }
  }
  return [...problems, ...keysOff(town, standings)]
}

function nameOf({ account, scope, budget }: Standing): string {
  return `${account.accountId} ${scope.id} ${budget.id}`
}

function isUsed({ admitted, admittedBefore, database }: Town, accountId: string): boolean {
  if (admitted.size <= admittedBefore) return false
  const ids = new Set([...admitted.keys()].slice(admittedBefore))
  const rows = [...database.logs.values()].filter((row) => row.accountId === accountId)
  return rows.some(({ entryId }) => ids.has(entryId))
}

function ledgerProblems({ scope, budget, state, woken }: Standing, disk: DiskBooks): string[] {
  const { startMs, spentPico, heldPico } = state
  const onDisk = disk.spent(scope.id, budget.id, startMs)
  return [
    ...(heldPico !== 0n ? [`${heldPico} still held`] : []),
    ...(spentPico !== woken.spentPico
      ? [`${spentPico} became ${woken.spentPico} by sleeping`]
      : []),
    ...(spentPico !== onDisk ? [`${spentPico} in memory, ${onDisk} on disk`] : []),
  ]
}

/** A correction may come after its orphan's charge was taken back, or to a ledger that a key left. */
function mayBeNegative({ database }: Town, { scope }: Standing): boolean {
  const all = [...database.entries.values()]
  const isAdjusted = all.some(
    ({ entry }) => entry.state === 'adjusted' && entry.charged[0]?.[0] === scope.id,
  )
  return isAdjusted || scope.kind === 'key'
}

function copyProblems(town: Town, standing: Standing): string[] {
  const { startMs, spentPico } = standing.state
  const copy = copyOf(town, standing)
  if (copy === null) return []
  const { windowMs, spendPico } = copy ?? { windowMs: startMs, spendPico: 0n }
  if (windowMs > startMs) return ['Postgres is ahead of the ledger']
  if (spentPico === (windowMs < startMs ? 0n : spendPico) || mayLag(town, standing, copy)) return []
  if (windowMs < startMs) return ['Postgres stayed in an old window']
  return [`${spentPico}, Postgres has ${spendPico}`]
}

/** What is settled where a key was before reaches its copy with the next delivery after it came back. */
function mayLag({ database }: Town, { scope }: Standing, copy: Spent | undefined): boolean {
  const hasMoved = scope.kind === 'key' && database.keys.get(scope.row.id)?.row.traffic !== null
  return hasMoved && (copy?.epoch ?? 0) === 0
}

/** Of what no key takes along: the log rows of its windows come to what is spent. */
function logProblems(town: Town, standing: Standing): string[] {
  const { account, scope, budget, state } = standing
  const problems: string[] = []
  const opening = (startMs: number): bigint =>
    scope.id === 'account' && budget.id === 'main' && startMs === 0
      ? (town.openingPico.get(account.accountId) ?? 0n)
      : 0n
  const logged = (startMs: number): bigint =>
    opening(startMs) +
    lowered(town, standing, startMs) +
    chargedIn(town, { ...standing, accountIds: [account.accountId], startMs })
  const copy: Spent | null | undefined = copyOf(town, standing)
  if (state.spentPico !== logged(state.startMs)) {
    problems.push(`${state.spentPico}, the logs have ${logged(state.startMs)}`)
  }
  if (copy && copy.spendPico !== logged(copy.windowMs)) {
    problems.push(`Postgres has ${copy.spendPico}, the logs ${logged(copy.windowMs)}`)
  }
  return problems
}
