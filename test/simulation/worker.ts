import { refetch } from '../../src/auth/authenticate.ts'
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
import type { Enforcement } from '../../src/ledger/policy.ts'
import type { Life } from './scheduler.ts'
import { MODELS } from './start.ts'

/** The same prices as provider-plans.ts has. */
const MODEL_LIST = MODELS.map(
  (model) => `
  - model_name: ${model}
    litellm_params:
      model: openai/${model}
      api_base: http://provider.test
      api_key: none
      timeout: 30
      stream_timeout: 20
      input_cost_per_token: 0.000001
      output_cost_per_token: 0.000002`,
)
const SETTINGS = (enforcement: Enforcement) => `
general_settings:
  budget_enforcement: ${enforcement}
  default_estimated_output_tokens: 60
  strict_min_output_tokens: 15
`
const VARIABLES = { TOLLGATE_DEV: 'true', EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING: 'true' }

function configOf(enforcement: Enforcement): Config {
  return parseConfig(`model_list:${MODEL_LIST.join('')}${SETTINGS(enforcement)}`, VARIABLES).config
}

const CONFIGS = {
  headroom: configOf('headroom'),
  strict: configOf('strict'),
  observe: configOf('observe'),
}

export interface WorkerDeps {
  readonly enforcement: Enforcement
  readonly shared: SharedKeys
  readonly findKey: (hash: string) => Promise<KeyRecord | null>
  readonly ledgerOf: (ref: AccountRef) => LedgerClient
}

export interface Asking {
  readonly tag: string
  readonly hash: string
  readonly model: string
  readonly stream: boolean
  readonly outputCap: number | null
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
    const finding = {
      ...this.#deps,
      cache: this.#cache,
      limit: this.#limit,
      defer: (work: Promise<unknown>) => void work,
      nowMs: Date.now(),
    }
    const record = await findKeyRecord(finding, hash)
    if (!record) throw unauthorized('no such key')
    const [endpoint] = ENDPOINTS
    const bytes = bodyOf(asking)
    const { call, admission } = await admit(
      {
        config: CONFIGS[this.#deps.enforcement],
        ledgerOf: this.#deps.ledgerOf,
        remember: (caller) => {
          if (caller.kind === 'key') this.#cache.amend(caller.hash, caller.record, Date.now())
        },
        refetch: (caller) => refetch({ ...finding, nowMs: Date.now() }, caller),
        nowMs: Date.now,
      },
      {
        caller: { kind: 'key', hash, record },
        callId: tag,
        headers: new Headers(),
        endpoint: endpoint!,
        body: readLlmBody(bytes, endpoint!),
        clientSignal,
      },
    )
    await exchange(call, admission, respond)
  }
}

function bodyOf({ tag, model, stream, outputCap }: Asking): Uint8Array {
  const content = 'How many of these would fit into that, and what would they cost?'
  const messages = [{ role: 'user', content }]
  const cap = outputCap === null ? {} : { max_tokens: outputCap }
  const body = { model, user: tag, stream, ...cap, messages }
  return new TextEncoder().encode(JSON.stringify(body))
}
