import { type Context, Hono } from 'hono'
import { readCredential, type Secret } from '../auth/credential.ts'
import { unauthorized } from '../errors.ts'
import type { Deps } from '../http.ts'
import { sha256Hex } from '../ids.ts'
import { allHubs } from '../ledger/object/hubs.ts'
import { CONTENT_TYPE, render } from './exposition.ts'

export interface MetricsDeps extends Deps {
  readonly hubs: Env['METRICS_HUB']
  /** A bearer of its own for the scraper; the master key works too. */
  readonly metricsToken: Secret | null
  readonly isDev: boolean
}

/** `/metrics`, if config.yaml names the prometheus callback. */
export function metricsRoutes(deps: MetricsDeps): Hono {
  const app = new Hono()
  const { settings } = deps.config
  if (!settings.prometheus) return app
  // LiteLLM redirects to the path with a slash, so scrapers name either.
  return app.on('GET', ['/metrics', '/metrics/'], async (c) => {
    if (settings.requireAuthForMetrics ?? !deps.isDev) await checkScraper(deps, c)
    const scrapes = await Promise.all(allHubs(deps.hubs).map((hub) => hub.scrape()))
    const text = render({
      accounts: scrapes.flatMap(({ accounts }) => accounts),
      stale: scrapes.reduce((sum, { stale }) => sum + stale, 0),
      teamLabels: settings.teamMetricLabels,
      nowMs: Date.now(),
    })
    return c.body(text, 200, { 'content-type': CONTENT_TYPE })
  })
}

async function checkScraper(deps: MetricsDeps, c: Context): Promise<void> {
  const given = readCredential(c.req.raw.headers, null)
  const accepted = [deps.masterKey, deps.metricsToken].filter((secret) => secret !== null)
  const hash = await sha256Hex(given ?? '')
  const matches = await Promise.all(accepted.map((secret) => secret.isHashedAs(hash)))
  if (given === null || !matches.includes(true)) {
    throw unauthorized('Authentication Error, /metrics needs the metrics token or the master key.')
  }
}
