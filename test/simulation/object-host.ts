import { NeonDbError } from '@neondatabase/serverless'
import { Injected } from './injected.ts'
import type { Life, Scheduler } from './scheduler.ts'
import { Disk } from './sql.ts'

/** What a Durable Object may look like from outside. */
type Instance = Readonly<Record<string, (...values: unknown[]) => unknown>> & {
  alarm?: () => Promise<void>
}
export type ObjectClass = new (ctx: never, env: never) => object

/** The platform repeats an alarm that threw. */
const RING_AGAIN_MS = 2_000

interface Hosting {
  readonly scheduler: Scheduler
  readonly Class: ObjectClass
  /** What the object is given as its environment, for one life of it. */
  readonly envOf: (life: Life) => unknown
  /** How late an alarm rings, and whether it rings once more after it was done. */
  readonly alarmDelayMs: () => number
  readonly ringsTwice: () => boolean
  /** A method or an alarm failed, and not because the simulation had it fail. */
  readonly onThrew: (error: unknown) => void
}

/** Runs one Durable Object as the platform does: it comes and goes, its disk and its alarm stay. */
export class ObjectHost {
  readonly name: string
  readonly disk = new Disk()
  lives = 0
  #hosting: Hosting
  #life: (Life & { alive: boolean }) | null = null
  #instance: Instance | null = null
  #inFlight = new Set<(error: Error) => void>()
  #skewMs = 0
  #alarmMs: number | null = null
  #alarmSet = 0
  #ringing = false

  constructor(name: string, hosting: Hosting) {
    this.name = name
    this.#hosting = hosting
  }

  /** A method by a message. The object's own failures, and its death, reject. */
  call(method: string, values: readonly unknown[]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#inFlight.add(reject)
    const ends = (act: () => void): void => {
      if (this.#inFlight.delete(reject)) act()
    }
    const run = async (): Promise<unknown> => {
      const instance = this.#wake()
      return this.#hosting.scheduler.within(this.#life, () => instance[method]!(...values))
    }
    run().then(
      (value) => ends(() => resolve(value)),
      (error: unknown) => {
        if (!isExpected(error)) this.#hosting.onThrew(error)
        ends(() => reject(error))
      },
    )
    return promise
  }

  /** Its memory goes if nothing is under way. */
  evict(): void {
    if (this.#inFlight.size === 0 && !this.#ringing) this.#forget()
  }

  /** Whatever it was doing stops between two steps; callers get an error. */
  kill(): void {
    const inFlight = [...this.#inFlight]
    this.#inFlight.clear()
    this.#forget()
    for (const reject of inFlight) reject(new Injected('the object was reset'))
    if (!this.#ringing) return
    this.#ringing = false
    if (this.#alarmMs !== null) this.setAlarm(this.#alarmMs)
  }

  /** When it wants to be woken. */
  get alarmMs(): number | null {
    return this.#alarmMs
  }

  heal(): void {
    this.#skewMs = 0
    this.disk.fail(null)
  }

  /** Its clock is set: a little ahead or behind. */
  skew(ms: number): void {
    this.#skewMs = ms
  }

  setAlarm(atMs: number): void {
    const { scheduler, alarmDelayMs } = this.#hosting
    this.#alarmMs = atMs
    const set = ++this.#alarmSet
    const waitMs = atMs - this.#skewMs - scheduler.nowMs
    scheduler.after(Math.max(0, waitMs) + alarmDelayMs(), null, () => {
      if (set === this.#alarmSet && !this.#ringing) void this.#ring()
    })
  }

  async #ring(): Promise<void> {
    const { scheduler, onThrew, ringsTwice } = this.#hosting
    const set = this.#alarmSet
    let failed = false
    try {
      this.#wake()
    } catch {
      this.setAlarm(scheduler.nowMs + RING_AGAIN_MS)
      return
    }
    const [instance, life] = [this.#instance!, this.#life]
    this.#ringing = true
    try {
      await scheduler.within(life, () => instance.alarm!())
    } catch (error) {
      if (!isExpected(error)) onThrew(error)
      failed = true
    }
    if (life !== this.#life) return
    this.#ringing = false
    if (failed) this.setAlarm(scheduler.nowMs + RING_AGAIN_MS)
    else if (set !== this.#alarmSet) {
      if (this.#alarmMs !== null) this.setAlarm(this.#alarmMs)
    } else if (ringsTwice()) this.setAlarm(scheduler.nowMs)
    else this.#alarmMs = null
  }

  #forget(): void {
    if (this.#life) this.#life.alive = false
    this.#life = null
    this.#instance = null
  }

  #wake(): Instance {
    if (this.#instance) return this.#instance
    const { Class, envOf, scheduler } = this.#hosting
    const name = `${this.name}#${++this.lives}`
    const life = { name, alive: true, skewMs: () => this.#skewMs }
    this.#life = life
    const storage = {
      sql: this.disk.sql,
      transactionSync: <T>(act: () => T) => this.disk.transactionSync(act),
      getAlarm: async () => (this.#ringing ? null : this.#alarmMs),
      setAlarm: async (atMs: number) => this.setAlarm(atMs),
    }
    const ctx = { storage, id: { name: this.name } }
    try {
      const made = scheduler.within(life, () => new Class(ctx as never, envOf(life) as never))
      this.#instance = made as Instance
      return this.#instance
    } catch (error) {
      this.#forget()
      throw error
    }
  }
}

/** What the simulation had fail, and the object's own words for what never answered it. */
export function isExpected(error: unknown): boolean {
  if (error instanceof Injected || error instanceof NeonDbError) return true
  return error instanceof Error && error.message.startsWith('no answer within')
}
