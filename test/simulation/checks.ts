import { ROLLING, windowAt } from '../../src/windows.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import { scopeOf } from '../../src/ledger/scopes.ts'
import type { ScopeState } from '../../src/ledger/types.ts'
import type { LogRow, Spent } from './database.ts'
import type { Town } from './town.ts'
import { spentOnDisk } from './watched-ledger.ts'

/** A reserve takes up to a minute, and the first renewal is due within another. */
const LONG_MS = 120_000
const SETTLE_TRIED_MS = 15_000

/** After everything healed: what is wrong with the books. */
export async function problemsOf(town: Town, openingPico: bigint): Promise<string[]> {
  return [
    ...town.watch.violations,
    ...unfinished(town),
    ...uncounted(town),
    ...twice(town),
    ...forgotten(town),
    ...neglected(town),
    ...daysOff(town),
    ...(await scopesOff(town, openingPico)),
  ]
}

/** Whoever was not killed has come to an end, and so has everything on its way. */
function unfinished({ scheduler, clients }: Town): string[] {
  const stuck = clients.calls.filter(({ isDone, life }) => !isDone && life.alive)
  const problems = stuck.map(({ tag, status }) => `${tag} never ended (${status})`)
  return scheduler.waiting === 0 ? problems : [...problems, `${scheduler.waiting} timers wait`]
}

/** Every bill is in the books, every admitted call has an entry, every settle that was said is so. */
function uncounted(town: Town): string[] {
  const problems: string[] = []
  const logs = Map.groupBy(town.database.logs.values(), ({ entryId }) => entryId)
  const sums = new Map([...logs].map(([id, rows]) => [id, sum(rows)]))
  for (const [id, tag] of town.admitted) {
    const charged = sums.get(id)
    const settle = town.settles.get(id)
    if (charged === undefined) problems.push(`${tag}: its entry is not in the books`)
    else if (settle?.acknowledged && charged !== settle.pico) {
      problems.push(`${tag}: settled ${settle.pico}, the books have ${charged}`)
    }
  }
  const ids = new Map([...town.admitted].map(([id, tag]) => [tag, id]))
  for (const bill of town.provider.bills) {
    const id = ids.get(bill.tag)
    const charged = sums.get(id ?? '')
    if (id === undefined || charged === undefined) {
      problems.push(`${bill.tag}: a bill of ${bill.pico} without an entry`)
      continue
    }
    const told = town.clients.calls.find(({ tag }) => tag === bill.tag)
    const settle = town.settles.get(id)
    const said = `the bill is ${bill.pico}, the books have ${charged}`
    if (bill.isComplete && told?.isDone && settle?.pico !== bill.pico) {
      problems.push(`${bill.tag}: the bill is ${bill.pico}, the settle said ${settle?.pico}`)
    }
    const isExact = bill.isComplete && settle?.acknowledged === true
    if (isExact ? charged !== bill.pico : bill.isModest && charged < bill.pico) {
      problems.push(`${bill.tag}: ${said}`)
    }
  }
  return problems
}

function twice({ database }: Town): string[] {
  const names = Map.groupBy(database.logs.values(), (row) => `${row.entryId}/${row.revision}`)
  const again = [...names].filter(([, rows]) => rows.length > 1)
  const settled = [...database.logs.values()].filter(
    ({ entryId, state, revision }) =>
      revision === 0 && state === 'settled' && names.has(`${entryId}/1`),
  )
  return [
    ...again.map(([name]) => `${name} counted twice`),
    ...settled.map(({ entryId }) => `${entryId} settled and corrected`),
  ]
}

/** Who does not know whether money is held gives it back, and then nothing is charged. */
function forgotten({ abandoned, releasing, watch, database }: Town): string[] {
  const problems: string[] = []
  for (const [id, life] of abandoned) {
    if (life?.alive && !releasing.has(id)) problems.push(`${id} was never released`)
    const rows = [...database.logs.values()].filter(({ entryId }) => entryId === id)
    if (watch.released.has(id) && sum(rows) !== 0n) problems.push(`${id} was charged when released`)
  }
  return problems
}

/** Long calls renew their holds, and a settle is given up late. */
function neglected({ admitted, clients, renewing, settles, jumpedMs }: Town): string[] {
  const problems: string[] = []
  const ids = new Map([...admitted].map(([id, tag]) => [tag, id]))
  for (const { tag, isDone, startMs, endMs } of clients.calls) {
    const id = ids.get(tag)
    if (!id || !isDone) continue
    const { triedMs, acknowledged } = settles.get(id) ?? { triedMs: null, acknowledged: false }
    const calledMs = endMs - startMs - (triedMs ?? 0)
    if (calledMs > LONG_MS + jumpedMs && !renewing.has(id))
      problems.push(`${tag} was never renewed`)
    if (!acknowledged && triedMs !== null && triedMs < SETTLE_TRIED_MS) {
      problems.push(`${tag}: its settle was given up after ${triedMs} ms`)
    }
  }
  return problems
}

function daysOff({ database }: Town): string[] {
  const logged = sum(database.logs.values())
  const daily = sum(database.daily.values())
  return logged === daily ? [] : [`log rows come to ${logged}, daily sums to ${daily}`]
}

/** Each scope: the ledger in memory, the ledger on disk, Postgres and the log rows agree. */
async function scopesOff(town: Town, before: bigint): Promise<string[]> {
  const { database, scheduler } = town
  const problems: string[] = []
  for (const account of database.accounts.values()) {
    const host = town.hostOf(account)
    const keys = [...database.keys.values()].filter((key) => key.accountId === account.accountId)
    const owners: (Spent & { policy: PolicyRow })[] = [account, ...keys]
    const rows = owners.map(({ policy }) => policy)
    const read = host.call('read', [rows]) as Promise<readonly ScopeState[] | null>
    host.evict()
    const again = host.call('read', [rows]) as Promise<readonly ScopeState[] | null>
    await scheduler.run(scheduler.nowMs + 1)
    const [states, later] = [await read, await again]
    if (!states || !later) {
      if (town.admitted.size > town.admittedBefore)
        problems.push(`${account.accountId} was never opened`)
      continue
    }
    for (const owner of owners) {
      const scope = scopeOf(owner.policy)
      const off = (why: string) => problems.push(`${scope}: ${why}`)
      const ofOwner = (all: readonly ScopeState[]) => all.find((one) => one.scope === scope)!
      const [state, woken] = [ofOwner(states), ofOwner(later)]
      const openingPico = owner === account ? before : 0n
      // A row that Postgres refused is there without its key.
      const isLogged = owner === account || town.poison.size === 0
      const logged = (startMs: number): bigint =>
        openingPico + sum(inWindow(town, owner.policy, startMs))
      const { startMs, spentPico, heldPico } = state
      if (host.alarmMs !== null) off('its alarm is never done')
      if (heldPico !== 0n) off(`${heldPico} still held`)
      if (spentPico !== woken.spentPico) off(`${spentPico} became ${woken.spentPico} by sleeping`)
      const disk = spentOnDisk(host.disk, state.scope, startMs)
      if (spentPico !== disk) off(`${spentPico} in memory, ${disk} on disk`)
      if (isLogged && spentPico !== logged(startMs))
        off(`${spentPico}, the logs have ${logged(startMs)}`)
      if (spentPico < 0n || owner.spendPico < 0n) off(`negative: ${spentPico}, ${owner.spendPico}`)
      if (owner.windowMs > startMs) off('Postgres is ahead of the ledger')
      if (owner.windowMs < startMs && spentPico !== 0n) off('Postgres stayed in an old window')
      if (owner.windowMs === startMs && owner.spendPico !== spentPico) {
        off(`${spentPico}, Postgres has ${owner.spendPico}`)
      }
      if (isLogged && owner.spendPico !== logged(owner.windowMs)) {
        off(`Postgres has ${owner.spendPico}, the logs ${logged(owner.windowMs)}`)
      }
    }
  }
  return problems
}

function inWindow({ database }: Town, row: PolicyRow, startMs: number): LogRow[] {
  const { duration, anchorMs } = row.budgets[0] ?? { duration: null, anchorMs: 0 }
  return [...database.logs.values()].filter(
    ({ accountId, keyHash, endedAt }) =>
      (row.kind === 'account' ? accountId === row.id : keyHash === row.id) &&
      windowAt({ duration, anchorMs }, { nowMs: endedAt.getTime(), resets: ROLLING }).startMs ===
        startMs,
  )
}

function sum(rows: Iterable<{ readonly spendPico: bigint }>): bigint {
  let pico = 0n
  for (const row of rows) pico += row.spendPico
  return pico
}
