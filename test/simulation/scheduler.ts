import { AsyncLocalStorage } from 'node:async_hooks'

/** One process: when it is killed its timers don't ring and its answers don't arrive. */
export interface Life {
  readonly name: string
  readonly alive: boolean
  /** How far its clock is ahead of everybody's. */
  readonly skewMs: () => number
}

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly life: Life | null
  readonly act: () => void
  cancelled: boolean
}

const lives = new AsyncLocalStorage<Life | null>()
const nextTurn = globalThis.setImmediate

/** Virtual time: what is due next happens next, and all that follows from it before time goes on. */
export class Scheduler {
  nowMs: number
  #queue: Timer[] = []
  #order = 0

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  /** The process whose code runs now; null for the world around them. */
  get life(): Life | null {
    return lives.getStore() ?? null
  }

  get clockMs(): number {
    return Math.floor(this.nowMs) + (this.life?.skewMs() ?? 0)
  }

  within<T>(life: Life | null, act: () => T): T {
    return lives.run(life, act)
  }

  after(ms: number, life: Life | null, act: () => void): Timer {
    const atMs = this.nowMs + Math.max(0, ms)
    const timer = { atMs, order: this.#order++, life, act, cancelled: false }
    this.#push(timer)
    return timer
  }

  sleep(ms: number, life: Life | null): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.after(ms, life, resolve)
    return promise
  }

  /** Until nothing is due any more, or up to `untilMs`. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      const [next] = this.#queue
      if (!next || next.atMs > untilMs) break
      this.#pop()
      if (next.cancelled || next.life?.alive === false) continue
      this.nowMs = Math.max(this.nowMs, next.atMs)
      lives.run(next.life, next.act)
      await new Promise((resolve) => nextTurn(resolve))
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  /** Timers of processes that live. */
  get waiting(): number {
    return this.#queue.filter(({ cancelled, life }) => !cancelled && life?.alive === true).length
  }

  #push(timer: Timer): void {
    const queue = this.#queue
    let at = queue.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, queue[parent]!)) break
      queue[at] = queue[parent]!
      at = parent
    }
    queue[at] = timer
  }

  #pop(): void {
    const queue = this.#queue
    const last = queue.pop()
    if (!last || queue.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= queue.length) break
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child++
      if (!isBefore(queue[child]!, last)) break
      queue[at] = queue[child]!
      at = child
    }
    queue[at] = last
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
