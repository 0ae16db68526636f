import type { Caller } from '../../src/auth/caller.ts'
import { findKeyRecord, type SharedKeys } from '../../src/auth/find-key.ts'
import { KeyCache } from '../../src/auth/key-cache.ts'
import { LookupLimit } from '../../src/auth/lookup-limit.ts'
import type { Config } from '../../src/config/config.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { AccountRef } from '../../src/db/accounts.ts'
import type { KeyRecord } from '../../src/db/keys.ts'
import { unauthorized } from '../../src/errors.ts'
import { admit } from '../../src/gateway/admit.ts'
import { readLlmBody } from '../../src/gateway/body.ts'
import { ENDPOINTS } from '../../src/gateway/endpoints.ts'
import { exchange } from '../../src/gateway/exchange.ts'
import type { LedgerClient } from '../../src/ledger/client.ts'
import type { Life } from './scheduler.ts'

/** The same prices as provider-plans.ts has. */
const CONFIG: Config = parseConfig(
  `model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      api_base: http://provider.test
      api_key: none
      timeout: 30
      stream_timeout: 20
      input_cost_per_token: 0.000001
      output_cost_per_token: 0.000002
`,
  {},
).config

export interface WorkerDeps {
  readonly shared: SharedKeys
  readonly findKey: (hash: string) => Promise<KeyRecord | null>
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

export interface Asking {
  readonly tag: string
  readonly hash: string
  readonly stream: boolean
  readonly outputCap: number
  readonly clientSignal: AbortSignal
}

/** One isolate of the gateway: what gateway/routes.ts does with a request, without HTTP. */
export class Worker {
  readonly life: Life & { alive: boolean }
  readonly #deps: WorkerDeps
  readonly #cache = new KeyCache()
  readonly #limit = new LookupLimit(null)

  constructor(life: Worker['life'], deps: WorkerDeps) {
    this.life = life
    this.#deps = deps
  }

  async handle(asking: Asking, respond: (response: Response) => void): Promise<void> {
    const { hash, tag, clientSignal } = asking
    const record = await findKeyRecord(
      {
        ...this.#deps,
        cache: this.#cache,
        limit: this.#limit,
        defer: (work) => void work,
        nowMs: Date.now(),
      },
      hash,
    )
    if (!record) throw unauthorized('no such key')
    const [endpoint] = ENDPOINTS
    const bytes = bodyOf(asking)
    const remember = (caller: Caller): void => {
      if (caller.kind === 'key') this.#cache.set(caller.hash, caller.record, Date.now())
    }
    const refetch = async (caller: Caller): Promise<Caller> => {
      const found = await this.#deps.findKey(hash)
      return found ? { kind: 'key', hash, record: found } : caller
    }
    const { call, admission } = await admit(
      { config: CONFIG, ledgerOf: this.#deps.ledgerOf, remember, refetch, nowMs: Date.now },
      {
        caller: { kind: 'key', hash, record },
        callId: tag,
        endpoint: endpoint!,
        body: readLlmBody(bytes, endpoint!),
        clientSignal,
      },
    )
    await exchange(call, admission, respond)
  }
}

function bodyOf({ tag, stream, outputCap }: Asking): Uint8Array {
  const content = 'How many of these would fit into that, and what would they cost?'
  const messages = [{ role: 'user', content }]
  const body = { model: 'm', user: tag, stream, max_tokens: outputCap, messages }
  return new TextEncoder().encode(JSON.stringify(body))
}
