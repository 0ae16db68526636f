import type { ObjectHost } from './object-host.ts'
import type { Town } from './town.ts'
import { fineWeather } from './weather.ts'

const MINUTE = 60_000
const SPELL_MAX_MS = 4 * MINUTE
/** As far as the clocks of two machines are apart. */
const SKEW_MAX_MS = 2_000
const JUMP_MAX_MS = 6 * MINUTE

/** Plans what fails: each kind in some towns only, so that there are simple failures too. */
export function planFaults(town: Town, lengthMs: number): void {
  const { dice, scheduler, weather } = town
  const some = (most: number, act: () => void): void => {
    if (dice.chance(0.4)) return
    for (let n = dice.between(1, most); n > 0; n--) {
      scheduler.after(dice.below(lengthMs), null, act)
    }
  }
  const objects = (act: (host: ObjectHost) => void) => (): void => {
    for (const host of town.objects.values()) if (dice.chance(0.7)) act(host)
  }
  const fine = fineWeather()
  for (const kind of ['messages', 'hub', 'provider', 'alarms'] as const) {
    some(3, () => {
      weather[kind] = dice.pick([0.1, 0.3, 0.6, 1])
      scheduler.after(dice.below(SPELL_MAX_MS), null, () => (weather[kind] = fine[kind]))
    })
  }
  some(3, () => {
    weather.database = dice.pick(['refusing', 'slow', 'losing answers', 'failing half'])
    scheduler.after(dice.below(SPELL_MAX_MS), null, () => (weather.database = fine.database))
  })
  some(
    5,
    objects((host) => host.kill()),
  )
  some(
    5,
    objects((host) => host.evict()),
  )
  some(
    3,
    objects((host) => host.skew(dice.between(-SKEW_MAX_MS, SKEW_MAX_MS))),
  )
  some(
    3,
    objects((host) => host.disk.fail(dice.below(40))),
  )
  some(3, () => town.killWorker())
  some(2, () => {
    const jumpMs = dice.below(JUMP_MAX_MS)
    town.jumpedMs += jumpMs
    scheduler.nowMs += jumpMs
  })
  some(5, () => town.admin.edit())
  some(3, () => town.admin.reset())
  if (!town.isSimple) some(4, () => town.admin.move())
  some(3, () => void town.admin.ask())
}
