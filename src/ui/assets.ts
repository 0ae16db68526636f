import { Hono } from 'hono'
import { etag } from 'hono/etag'
import UPLOT from 'uplot/dist/uPlot.iife.min.js'
import UPLOT_STYLE from 'uplot/dist/uPlot.min.css'
import CHART from './assets/chart.js'
import COPY from './assets/copy.js'
import ICON from './assets/icon.svg'
import LIVE from './assets/live.js'
import STYLE from './assets/style.css'
import TEST_KEY from './assets/test-key.js'
import ZONE from './assets/zone.js'

const SCRIPT = 'text/javascript'

const ASSETS = {
  'style.css': [UPLOT_STYLE + STYLE, 'text/css'],
  'icon.svg': [ICON, 'image/svg+xml'],
  'uplot.js': [UPLOT, SCRIPT],
  'chart.js': [CHART, SCRIPT],
  'copy.js': [COPY, SCRIPT],
  'live.js': [LIVE, SCRIPT],
  'test-key.js': [TEST_KEY, SCRIPT],
  'zone.js': [ZONE, SCRIPT],
} as const

/** What pages load: none of it is secret, and all of it is asked for anew after a deployment. */
export function assetRoutes(): Hono {
  const app = new Hono().use(etag())
  for (const [name, [text, type]] of Object.entries(ASSETS)) {
    app.get(`/${name}`, (c) =>
      c.body(text, 200, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'no-cache',
      }),
    )
  }
  return app
}
