/** What end-to-end tests stand on: real parts, a tenant of their own, the books of every side. */
import { startProvider } from '../../dev/provider.ts'
import type { Bill, Provider } from '../../dev/provider.ts'
import { startBooks } from './books.ts'
import type { Books } from './books.ts'
import { startDatabase } from './database.ts'
import type { Database } from './database.ts'
import { startGateway } from './gateway.ts'
import type { Gateway } from './gateway.ts'

export const PROVIDER_KEY = 'sk-of-the-provider'

// The prices of amounts.ts.
const PRICED = `input_cost_per_token: 0.000000001237
      output_cost_per_token: 0.000000003571`

/** `script/<words>` does what the mock provider's script says; `hasty/<words>` waits 1 s for it. */
export function scriptedConfig(providerUrl: string, moreModels = ''): string {
  return `model_list:
  - model_name: script/*
    litellm_params:
      model: openai/*
      api_base: ${providerUrl}
      api_key: ${PROVIDER_KEY}
      ${PRICED}
  - model_name: hasty/*
    litellm_params:
      model: openai/*
      api_base: ${providerUrl}
      timeout: 1
      ${PRICED}
${moreModels}
litellm_settings:
  callbacks: ['prometheus']
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  litellm_compatibility: docs
`
}

export function model(name: string, apiBase: string, timeoutS = 600): string {
  return `  - model_name: ${name}
    litellm_params:
      model: openai/${name}
      api_base: ${apiBase}
      api_key: ${PROVIDER_KEY}
      timeout: ${timeoutS}
      ${PRICED}
`
}

export interface Stack extends Gateway, Books {
  database: Database
  provider: Provider
  /** What the provider billed for models with this word in their name. */
  bills: (word: string) => Bill[]
  close: () => Promise<void>
}

/** Everything at once, before the scripted provider. The Postgres is the run's, or one at `neonUrl`. */
export async function startStack(
  moreModels = '',
  neonUrl?: string,
  env: Record<string, string> = {},
): Promise<Stack> {
  const [database, provider] = await Promise.all([startDatabase(neonUrl), startProvider()])
  const configYaml = scriptedConfig(provider.baseUrl, moreModels)
  const gateway = await startGateway({ database, configYaml, env })
  return {
    ...gateway,
    ...startBooks(database, gateway.ledgerSpend),
    database,
    provider,
    bills: (word) => provider.bills.filter((bill) => bill.model.split('+').includes(word)),
    close: async () => {
      await gateway.stop()
      await Promise.all([provider.close(), database.close()])
    },
  }
}

let words = 0

/** A word that the provider ignores, to tell this test's bills from another's. */
export function mark(): string {
  return `mark${++words}end`
}
