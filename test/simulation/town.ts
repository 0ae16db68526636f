import type { SharedKeys } from '../../src/auth/find-key.ts'
import type { AccountRef } from '../../src/db/accounts.ts'
import { KeyDirectory } from '../../src/auth/key-directory.ts'
import { type LedgerClient, ledgerClient, type LedgerRpc } from '../../src/ledger/client.ts'
import type { Enforcement } from '../../src/ledger/policy.ts'
import { Admin } from './admin.ts'
import { Clients } from './clients.ts'
import { SimulatedDatabase } from './database/database.ts'
import { databaseLink } from './database/link.ts'
import type { Link } from './database/linked.ts'
import { Dice } from './dice.ts'
import { Injected } from './injected.ts'
import { stub } from './messages.ts'
import { type ObjectClass, ObjectHost } from './object-host.ts'
import { Provider } from './provider.ts'
import { type Life, Scheduler } from './scheduler.ts'
import { T0 } from './start.ts'
import { Watch } from './ledger/watch.ts'
import { watchedLedger } from './ledger/watched-ledger.ts'
import { fineWeather } from './weather.ts'
import { noted, noticed } from './wires.ts'
import { Worker } from './worker.ts'

const WORKERS = 2

type Directory = SharedKeys

/** What a Worker wanted to charge an entry with, and whether the ledger said that it did. */
export interface Settle {
  readonly pico: bigint
  acknowledged: boolean
  /** How long it was tried; null: its Worker died over it. */
  triedMs: number | null
}

/** Everything that there is: processes, disks, Postgres, the provider, and the lines between them. */
export class Town {
  readonly dice: Dice
  /** What budgets mean where rows say nothing. */
  readonly enforcement: Enforcement
  /** One team, whose keys nobody has. */
  readonly isSimple: boolean
  readonly isDear: boolean
  readonly scheduler = new Scheduler(T0)
  readonly weather = fineWeather()
  readonly database = new SimulatedDatabase(() => Math.floor(this.scheduler.nowMs))
  readonly provider: Provider
  readonly clients: Clients
  readonly admin: Admin
  readonly workers: Worker[] = []
  readonly isPoisoned: boolean
  /** Calls that were admitted by ledgers which are lost. */
  admittedBefore = 0
  jumpedMs = 0
  readonly objects = new Map<string, ObjectHost>()
  readonly watch = new Watch()
  /** What accounts had spent before there was a ledger. */
  readonly openingPico = new Map<string, bigint>()
  /** What nobody knows any more of a key's windows since ledgers were lost. */
  readonly lostPico = new Map<string, bigint>()
  readonly sharedKeys: SharedKeys
  /** Entry id → the call that it is of, once admitted. */
  readonly admitted = new Map<string, string>()
  /** What was set aside for each, and the output cap that this pays for at its worst, if it does. */
  readonly holds = new Map<
    string,
    { readonly pico: bigint; readonly outputTokens: number | null }
  >()
  /** Adjustments that were asked for; what the ledger said that they changed, once it did. */
  readonly adjusted = new Map<string, bigint | null>()
  /** Entries whose reserve nobody knows the outcome of, and who asked. */
  readonly abandoned = new Map<string, Life | null>()
  /** Those whose hold was renewed. */
  readonly renewing = new Set<string>()
  /** Those that a release was sent for. */
  readonly releasing = new Set<string>()
  readonly settles = new Map<string, Settle>()
  readonly #query: ReturnType<typeof databaseLink>
  #workersMade = 0

  constructor(seed: number) {
    this.dice = new Dice(seed)
    this.isPoisoned = this.dice.chance(0.1)
    this.isSimple = this.dice.chance(0.3)
    this.enforcement = this.dice.weighted({ headroom: 6, strict: 3, observe: 1 })
    this.isDear = this.enforcement === 'strict'
    this.sharedKeys = this.#sharedKeys()
    this.#query = databaseLink(this)
    this.provider = new Provider(this)
    this.clients = new Clients(this)
    this.admin = new Admin(this)
    for (let i = 0; i < WORKERS; i++) this.workers.push(this.#newWorker())
  }

  /** A statement by the process that runs now. */
  query<T>(statement: (database: SimulatedDatabase) => T): Promise<T> {
    return this.#query(this.scheduler.life, () => statement(this.database))
  }

  /** A connection of the process that runs when it is used, or of this one. */
  link(life?: Life): Link {
    const run: Link['run'] = (statement) =>
      this.#query(life ?? this.scheduler.life, () => statement(this.database))
    return { run, noted: [] }
  }

  newLife(name: string): Life & { alive: boolean } {
    return { name, alive: true, skewMs: () => 0 }
  }

  /** A new isolate takes the place of one of them. */
  killWorker(): void {
    const at = this.dice.below(WORKERS)
    this.workers[at]!.life.alive = false
    this.workers[at] = this.#newWorker()
  }

  /** A new namespace: what Postgres knows is left, the changes of the last day among it. */
  loseLedgers(): void {
    this.admittedBefore = this.admitted.size
    this.watch.forgetMoves()
    // Caches may still say that a key is where it was; no new ledger knows better.
    for (const { row } of this.database.keys.values()) {
      for (const accountId of this.database.accounts.keys()) {
        if (accountId !== row.accountId) this.watch.unnoticed.add(`${accountId} ${row.token}`)
      }
    }
    for (const [name, host] of this.objects) {
      if (name.startsWith('keys:')) continue
      host.disk.close()
      this.objects.delete(name)
    }
  }

  #newWorker(): Worker {
    return new Worker(this.newLife(`worker${++this.#workersMade}`), {
      enforcement: this.enforcement,
      shared: this.sharedKeys,
      findKey: (hash) => this.query((database) => database.findKey(hash)),
      ledgerOf: (ref) => noted(this, this.ledgerOf(ref)),
    })
  }

  ledgerOf(ref: AccountRef): LedgerClient {
    const { scheduler } = this
    const host = this.hostOf(ref)
    return ledgerClient({
      rpc: () => noticed(this, stub<LedgerRpc>(this, host)),
      loadOpening: () => this.query((database) => database.openAccount(ref)),
      sleep: (ms) => scheduler.sleep(ms, scheduler.life),
      defer: (work) => void work,
    })
  }

  hostOf({ accountId, generation }: AccountRef): ObjectHost {
    const name = `${accountId}:${generation}`
    const { watch } = this
    return this.#object(name, (host) =>
      watchedLedger({ accountId, disk: () => host().disk, watch }),
    )
  }

  #object(name: string, classOf: (host: () => ObjectHost) => ObjectClass): ObjectHost {
    const { dice, scheduler, weather, watch } = this
    const known = this.objects.get(name)
    if (known) return known
    const host: ObjectHost = new ObjectHost(name, {
      scheduler,
      Class: classOf(() => host),
      envOf: (life) => ({
        database: this.link(life),
        METRICS_HUB: { getByName: () => ({ register: () => this.#register(life) }) },
      }),
      alarmDelayMs: () => (dice.chance(weather.alarms) ? dice.below(60_000) : dice.below(20)),
      ringsTwice: () => dice.chance(weather.alarms / 2),
      onThrew: (error) => watch.violations.push(`${name} threw ${String(error)}`),
    })
    this.objects.set(name, host)
    return host
  }

  async #register(life: Life): Promise<void> {
    const { dice, scheduler, weather } = this
    const isBad = dice.chance(weather.hub)
    // Some of its answers never come.
    if (isBad && dice.chance(0.2)) await new Promise(() => undefined)
    await scheduler.sleep(isBad ? dice.below(15_000) : dice.below(10), life)
    if (isBad && dice.chance(0.7)) throw new Injected('the hub did not answer')
  }

  #sharedKeys(): SharedKeys {
    const directory = (hash: string): Directory => {
      const name = `keys:${hash}`
      return stub<Directory>(
        this,
        this.#object(name, () => KeyDirectory),
      )
    }
    return {
      get: (hash) => directory(hash).get(hash),
      put: (record) => directory(record.hash).put(record),
      remove: (hash) => directory(hash).remove(hash),
    }
  }
}
