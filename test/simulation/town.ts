import { NeonDbError } from '@neondatabase/serverless'
import type { SharedKeys } from '../../src/auth/find-key.ts'
import type { AccountRef } from '../../src/db/accounts.ts'
import type { SpendBatch } from '../../src/db/spend.ts'
import { KeyDirectory } from '../../src/auth/key-directory.ts'
import { type LedgerClient, ledgerClient, type LedgerRpc } from '../../src/ledger/client.ts'
import type { ReserveAnswer } from '../../src/ledger/types.ts'
import { Admin } from './admin.ts'
import { Clients } from './clients.ts'
import { SimulatedDatabase } from './database.ts'
import { databaseLink } from './database-link.ts'
import { Dice } from './dice.ts'
import { Injected } from './injected.ts'
import { stub } from './messages.ts'
import { type ObjectClass, ObjectHost } from './object-host.ts'
import { Provider } from './provider.ts'
import { type Life, Scheduler } from './scheduler.ts'
import { T0 } from './start.ts'
import { type Watch, watchedLedger } from './watched-ledger.ts'
import { fineWeather } from './weather.ts'
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
  readonly scheduler = new Scheduler(T0)
  readonly weather = fineWeather()
  readonly database = new SimulatedDatabase()
  readonly provider: Provider
  readonly clients: Clients
  readonly admin: Admin
  readonly workers: Worker[] = []
  /** Calls whose log rows Postgres refuses, as it does some texts. */
  readonly poison = new Set<string>()
  readonly isPoisoned: boolean
  /** Calls that were admitted by ledgers which are lost. */
  admittedBefore = 0
  jumpedMs = 0
  readonly objects = new Map<string, ObjectHost>()
  readonly watch: Watch = {
    violations: [],
    inForce: new Map(),
    admissions: 0,
    released: new Set(),
    refusals: new Map(),
  }
  /** Entry id → the call that it is of, once admitted. */
  readonly admitted = new Map<string, string>()
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
    for (const [name, host] of this.objects) {
      if (name.startsWith('keys:')) continue
      host.disk.close()
      this.objects.delete(name)
    }
  }

  #newWorker(): Worker {
    return new Worker(this.newLife(`worker${++this.#workersMade}`), {
      shared: this.#sharedKeys(),
      findKey: (hash) => this.query((database) => database.findKey(hash)),
      ledgerOf: (ref) => this.#noted(this.ledgerOf(ref)),
    })
  }

  ledgerOf(ref: AccountRef): LedgerClient {
    const { scheduler } = this
    const host = this.hostOf(ref)
    return ledgerClient({
      rpc: () => this.#noticed(stub<LedgerRpc>(this, host)),
      loadOpening: () => this.query((database) => database.openAccount(ref)),
      sleep: (ms) => scheduler.sleep(ms, scheduler.life),
      defer: (work) => void work,
    })
  }

  hostOf({ accountId, generation }: AccountRef): ObjectHost {
    const name = `${accountId}:${generation}`
    return this.#object(name, (host) => watchedLedger(() => host().disk, this.watch))
  }

  #object(name: string, classOf: (host: () => ObjectHost) => ObjectClass): ObjectHost {
    const { dice, scheduler, weather, watch } = this
    const known = this.objects.get(name)
    if (known) return known
    const host: ObjectHost = new ObjectHost(name, {
      scheduler,
      Class: classOf(() => host),
      envOf: (life) => ({
        database: { write: (batch: SpendBatch) => this.#write(life, batch) },
        METRICS_HUB: { getByName: () => ({ register: () => this.#register(life) }) },
      }),
      alarmDelayMs: () => (dice.chance(weather.alarms) ? dice.below(60_000) : dice.below(20)),
      ringsTwice: () => dice.chance(weather.alarms / 2),
      onThrew: (error) => watch.violations.push(`${name} threw ${String(error)}`),
    })
    this.objects.set(name, host)
    return host
  }

  #write(life: Life, batch: SpendBatch): Promise<void> {
    const sent = structuredClone(batch)
    return this.#query(life, () => {
      const isRefused = sent.entries.some(({ detail }) => this.poison.has(String(detail['callId'])))
      if (isRefused) throw Object.assign(new NeonDbError('no such text'), { code: '22P05' })
      this.database.writeSpend(sent)
    })
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

  #noticed(rpc: LedgerRpc): LedgerRpc {
    const release: LedgerRpc['release'] = (id, detail) => {
      this.releasing.add(id)
      return rpc.release(id, detail)
    }
    return {
      release,
      open: (opening) => rpc.open(opening),
      reserve: (request) => rpc.reserve(request),
      renew: (id, seenPico) => {
        this.renewing.add(id)
        return rpc.renew(id, seenPico)
      },
      settle: (request) => rpc.settle(request),
      read: (rows) => rpc.read(rows),
      tell: (rows) => rpc.tell(rows),
      remember: (spend, version) => rpc.remember(spend, version),
      decide: (request) => rpc.decide(request),
      adjust: (request) => rpc.adjust(request),
      leave: (key) => rpc.leave(key),
      arrive: (key, balance) => rpc.arrive(key, balance),
      flush: () => rpc.flush(),
      audit: () => rpc.audit(),
    }
  }

  /** Writes down what passes between the gateway and its ledger client. */
  #noted(client: LedgerClient): LedgerClient {
    return {
      ...client,
      reserve: async (request): Promise<Exclude<ReserveAnswer, { kind: 'unopened' }>> => {
        const { life } = this.scheduler
        const { callId } = request.detail
        const failed = (error: unknown): never => {
          this.abandoned.set(request.id, life)
          throw error
        }
        const answer = await client.reserve(request).catch(failed)
        if (answer.kind === 'admitted') this.admitted.set(request.id, String(callId))
        return answer
      },
      settle: async (request) => {
        const startMs = this.scheduler.nowMs
        const settle: Settle = { pico: request.chargePico, acknowledged: false, triedMs: null }
        this.settles.set(request.id, settle)
        const answer = await client.settle(request)
        settle.acknowledged = answer !== null
        settle.triedMs = this.scheduler.nowMs - startMs
        return answer
      },
    }
  }
}
