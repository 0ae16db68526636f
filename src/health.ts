import { Hono } from 'hono'
import { ping } from './db/accounts.ts'
import type { Db } from './db/connect.ts'
import type { Config } from './config/config.ts'

/** `/health/…`: no key needed, and nothing of the inside shown. */
export function healthRoutes({ db, config }: { readonly db: Db; readonly config: Config }): Hono {
  return new Hono()
    .get('/liveliness', (c) => c.json("I'm alive!"))
    .get('/liveness', (c) => c.json("I'm alive!"))
    .get('/readiness', async (c) => {
      const isUp = await ping(db)
      // Ready without Postgres too: known keys are served, and a load balancer must not stop that.
      return c.json({
        status: isUp ? 'connected' : 'healthy',
        db: isUp ? 'connected' : 'Not connected',
        cache: null,
        litellm_version: null,
        success_callbacks: config.settings.prometheus ? ['prometheus'] : [],
        last_updated: new Date().toISOString(),
      })
    })
}
