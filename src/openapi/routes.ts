import { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import { described, FRAME, type Paths } from './document.ts'
import { page, STYLE } from './page.ts'

const CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'"

/** `/openapi.json`, made from the schemas that validate, `/docs` to read it, `/routes` to list it. */
export function openapiRoutes(app: Hono): Hono {
  let made: Awaited<ReturnType<typeof documentOf>> | undefined
  const documented = async () => (made ??= await documentOf(app))
  return new Hono()
    .get('/openapi.json', async (c) => c.json(await documented()))
    .get('/routes', async (c) => c.json({ routes: listed((await documented()).paths) }))
    .get('/docs', async (c) => {
      c.header('content-security-policy', CSP)
      return c.html(page((await documented()).paths))
    })
    .get('/docs/style.css', (c) => c.body(STYLE, 200, { 'content-type': 'text/css' }))
}

async function documentOf(app: Hono) {
  const spec = await generateSpecs(app, {
    includeEmptyPaths: true,
    // Pages are for people.
    exclude: [/^\/ui/],
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
    documentation: FRAME,
  })
  return { ...spec, paths: described((spec.paths ?? {}) as unknown as Paths) }
}

/** As LiteLLM lists them. */
function listed(paths: Paths) {
  return Object.entries(paths).map(([path, operations]) => ({
    path,
    methods: Object.keys(operations).map((method) => method.toUpperCase()),
  }))
}
