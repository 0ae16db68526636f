import type { Disk } from '../sql.ts'

interface Sum {
  readonly scope: string
  readonly budget: string
  readonly startMs: number
  pico: bigint
}

/** What a ledger's disk says of its scopes, added up anew: the checkpoint, entries and holds. */
export class DiskBooks {
  readonly #sums = new Map<string, Sum>()
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
    const sums = 'SELECT scope, budget, start_ms, spent FROM checkpoint'
    for (const row of disk.exec<SumRow>(sums)) {
      this.#add([row.scope, row.budget, row.start_ms], BigInt(row.spent))
    }
    const charges = 'SELECT charge, charged FROM entry WHERE folded = 0 AND charge <> 0'
    for (const row of disk.exec<{ charge: number; charged: string }>(charges)) {
      const charged = JSON.parse(row.charged) as [string, string, number][]
      for (const window of charged) this.#add(window, BigInt(row.charge))
    }
  }

  spent(scope: string, budget: string, startMs: number): bigint {
    return this.#sums.get(nameOf([scope, budget, startMs]))?.pico ?? 0n
  }

  held(scope: string): bigint {
    let held = 0n
    const holds = "SELECT hold, scopes FROM entry WHERE state = 'held'"
    for (const row of this.#disk.exec<{ hold: number; scopes: string }>(holds)) {
      const scopes = JSON.parse(row.scopes) as string[]
      if (scopes.includes(scope)) held += BigInt(row.hold)
    }
    return held
  }

  /** The last window of each budget of a key. */
  ofKey(token: string): Sum[] {
    const last = new Map<string, Sum>()
    for (const sum of this.#sums.values()) {
      const { scope, budget, startMs } = sum
      if (scope !== `key:${token}` && !scope.startsWith(`key:${token}/`)) continue
      const known = last.get(`${scope} ${budget}`)
      if (!known || known.startMs < startMs) last.set(`${scope} ${budget}`, sum)
    }
    return [...last.values()]
  }

  #add(window: readonly [string, string, number], pico: bigint): void {
    const [scope, budget, startMs] = window
    const sum = this.#sums.get(nameOf(window)) ?? { scope, budget, startMs, pico: 0n }
    sum.pico += pico
    this.#sums.set(nameOf(window), sum)
  }
}

type SumRow = { scope: string; budget: string; start_ms: number; spent: string }

function nameOf([scope, budget, startMs]: readonly [string, string, number]): string {
  return `${scope} ${budget} ${startMs}`
}
