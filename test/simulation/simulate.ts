import { problemsOf } from './checks/problems.ts'
import { installGlobals } from './globals.ts'
import { loseLedgers } from './losses.ts'
import { settle } from './settle.ts'
import { heal, live } from './story.ts'
import { Town } from './town.ts'

export interface Outcome {
  readonly problems: readonly string[]
  readonly log: readonly string[]
  /** How often what happened, so that a simulation in which nothing does is noticed. */
  readonly counts: Readonly<Record<string, number>>
}

/** One seed, from the first call until the books are closed. */
export async function simulate(seed: number): Promise<Outcome> {
  const town = new Town(seed)
  const { scheduler, dice, provider } = town
  const log: string[] = []
  const onLog = (line: string) => void log.push(`${scheduler.nowMs} ${line}`)
  const restore = installGlobals({ scheduler, dice, fetch: provider.fetch, onLog })
  try {
    settle(town)
    await live(town)
    await heal(town)
    const problems = await problemsOf(town)
    if (problems.length === 0 && dice.chance(0.2)) {
      await loseLedgers(town)
      await live(town)
      await heal(town)
      problems.push(...(await problemsOf(town)))
    }
    return { problems, log, counts: countsOf(town) }
  } finally {
    restore()
    for (const host of town.objects.values()) host.disk.close()
  }
}

function countsOf(town: Town): Record<string, number> {
  const rows = [...town.database.logs.values()]
  const { bills } = town.provider
  return {
    calls: town.clients.calls.length,
    admitted: town.admitted.size,
    bills: bills.filter(({ pico }) => pico > 0n).length,
    exact: bills.filter(({ isComplete }) => isComplete).length,
    settled: rows.filter(({ state }) => state === 'settled').length,
    released: rows.filter(({ state }) => state === 'released').length,
    expired: rows.filter(({ state }) => state === 'expired').length,
    corrected: rows.filter(({ revision }) => revision > 0).length,
    killed: town.clients.calls.filter(({ life, isDone }) => !life.alive && !isDone).length,
    lives: [...town.objects.values()].reduce((sum, host) => sum + host.lives, 0),
    ...Object.fromEntries(town.watch.counts),
    adjusted: rows.filter(({ state }) => state === 'adjusted').length,
  }
}
