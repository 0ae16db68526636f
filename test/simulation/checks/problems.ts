import { scopesOff } from './books.ts'
import type { Town } from '../town.ts'

/** A reserve takes up to a minute, and the first renewal is due within another. */
const LONG_MS = 120_000
const SETTLE_TRIED_MS = 15_000

/** After everything healed: what is wrong with the books. */
export async function problemsOf(town: Town): Promise<string[]> {
  return [
    ...town.watch.violations,
    ...unfinished(town),
    ...uncounted(town),
    ...twice(town),
    ...forgotten(town),
    ...unreleased(town),
    ...neglected(town),
    ...daysOff(town),
    ...misadjusted(town),
    ...(await scopesOff(town)),
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
    const hold = town.holds.get(id)
    const isModest = bill.pico <= (hold?.pico ?? 0n)
    if (isExact ? charged !== bill.pico : isModest && charged < bill.pico) {
      problems.push(`${bill.tag}: ${said}`)
    }
    const most = hold?.outputTokens ?? null
    if (most !== null && (bill.cap === null || bill.cap > most)) {
      problems.push(`${bill.tag}: sent with a cap of ${bill.cap}, ${most} are paid for`)
    }
    if (most !== null && isModest && charged > hold!.pico) {
      problems.push(`${bill.tag}: ${said}, at most ${hold!.pico} was held`)
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

/** What a provider refused costs nothing, and its hold is given back. */
function unreleased({ provider, clients, admitted, releasing, settles }: Town): string[] {
  const ids = new Map([...admitted].map(([id, tag]) => [tag, id]))
  const ended = new Set(clients.calls.filter(({ isDone }) => isDone).map(({ tag }) => tag))
  return provider.bills
    .filter(({ tag, isRefused }) => isRefused && ended.has(tag))
    .map((bill) => ({ ...bill, id: ids.get(bill.tag) ?? '' }))
    .filter(({ id }) => !releasing.has(id) && !settles.has(id))
    .map(({ tag }) => `${tag} was refused by its provider, and its hold stayed`)
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

/** Spend is set once by each adjustment that was asked for, by as much as its ledger said. */
function misadjusted({ adjusted, database }: Town): string[] {
  const problems: string[] = []
  const all = [...database.entries.values()].filter(({ entry }) => entry.state === 'adjusted')
  const byId = Map.groupBy(all, ({ entry }) => entry.id)
  for (const [id, entries] of byId) {
    const pico = entries.reduce((total, { entry }) => total + entry.chargePico, 0n)
    const told = adjusted.get(id)
    if (told === undefined) problems.push(`${id} was adjusted by ${pico}, and nobody asked for it`)
    else if (told !== null && told !== pico) problems.push(`${id} changed ${pico}, not ${told}`)
  }
  for (const [id, told] of adjusted) {
    if (told !== null && !byId.has(id)) problems.push(`${id} changed ${told}, and is not logged`)
  }
  return problems
}

function daysOff({ database }: Town): string[] {
  const logged = sum(database.logs.values())
  const daily = sum(database.daily.values())
  return logged === daily ? [] : [`log rows come to ${logged}, daily sums to ${daily}`]
}

function sum(rows: Iterable<{ readonly spendPico: bigint }>): bigint {
  let pico = 0n
  for (const row of rows) pico += row.spendPico
  return pico
}
