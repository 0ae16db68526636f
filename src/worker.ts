import { env, waitUntil } from 'cloudflare:workers'
import yaml from '../config.yaml'
import { createApp } from './app.ts'
import { parseConfig } from './config/parse.ts'
import { makeDeps } from './deps.ts'
import { runCron } from './jobs/cron.ts'
import { Ledger as AnyLedger } from './ledger/object/ledger.ts'
import { log } from './log.ts'
import { priceStoreOf } from './pricing/file/price-store.ts'
import type { Resets } from './windows.ts'

export { KeyDirectory } from './auth/key-directory.ts'
export { PriceStore } from './pricing/file/price-store.ts'
export { MetricsHub } from './metrics/hub.ts'

// A broken config.yaml throws here, so that it fails its deployment and not its first request.
const { config, warnings } = parseConfig(yaml, textsOf(env))
for (const warning of warnings) log('warn', 'config', { warning })

const deps = makeDeps(env, config, waitUntil)
const app = createApp(deps)

/** Its windows lie as config.yaml has it. */
export class Ledger extends AnyLedger {
  protected override get resets(): Resets {
    return config.settings.resets
  }
}

export default {
  fetch: app.fetch,
  scheduled: (controller) =>
    runCron(
      { ...deps, priceStore: () => priceStoreOf(env.PRICE_STORE) },
      controller.cron,
      controller.scheduledTime,
    ),
} satisfies ExportedHandler<Env>

/** Vars and secrets; bindings are objects. */
function textsOf(bindings: object): Record<string, string> {
  const texts = Object.entries(bindings).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(texts)
}
