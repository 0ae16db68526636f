import type { Dice } from './dice.ts'
import type { Scheduler } from './scheduler.ts'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

interface Simulated {
  readonly scheduler: Scheduler
  readonly dice: Dice
  readonly fetch: Fetch
  readonly onLog: (line: string) => void
}

/** Puts the simulation's time, chance and network in the place of the real ones; returns the undo. */
export function installGlobals({ scheduler, dice, fetch, onLog }: Simulated): () => void {
  const undo: (() => void)[] = []
  const put = (owner: object, values: Readonly<Record<string, unknown>>): void => {
    for (const [name, value] of Object.entries(values)) {
      const known = Object.getOwnPropertyDescriptor(owner, name)
      undo.push(() => {
        if (known) Object.defineProperty(owner, name, known)
        else Reflect.deleteProperty(owner, name)
      })
      Object.defineProperty(owner, name, { value, configurable: true, writable: true })
    }
  }
  put(globalThis, {
    ...timersOf(scheduler),
    fetch,
    IdentityTransformStream: TransformStream,
  })
  put(Date, { now: () => scheduler.clockMs })
  // Nobody reads the stacks that are logged, and making them costs more than all else.
  put(Error, { stackTraceLimit: 0 })
  put(Math, { random: dice.next })
  put(crypto, { getRandomValues: (bytes: Uint8Array) => dice.fill(bytes) })
  put(console, { log: onLog, warn: onLog, error: onLog })
  return () => {
    for (const act of undo.toReversed()) act()
  }
}

/** A timer belongs to the process that sets it. */
function timersOf(scheduler: Scheduler) {
  const timers = new Map<number, { cancelled: boolean }>()
  let last = 0
  const start = (ms: number, act: () => void, again: boolean): number => {
    const id = ++last
    const { life } = scheduler
    const ring = (): void => {
      if (again) timers.set(id, scheduler.after(ms, life, ring))
      else timers.delete(id)
      act()
    }
    timers.set(id, scheduler.after(ms, life, ring))
    return id
  }
  const stop = (id: number | null | undefined): void => {
    const timer = timers.get(id ?? 0)
    if (timer) timer.cancelled = true
    timers.delete(id ?? 0)
  }
  return {
    setTimeout: (act: () => void, ms = 0) => start(ms, act, false),
    setInterval: (act: () => void, ms = 0) => start(ms, act, true),
    clearTimeout: stop,
    clearInterval: stop,
  }
}
