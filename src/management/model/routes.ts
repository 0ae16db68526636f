import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { isAdmin } from '../../auth/actor.ts'
import { payer } from '../../auth/caller.ts'
import { type Acting, acting, callerOf } from '../../callers.ts'
import type { Deployment } from '../../config/config.ts'
import { listModels, resolveGroup } from '../../config/models.ts'
import { badRequest } from '../../errors.ts'
import { type Deps, query } from '../../http.ts'
import { isAllowed } from '../../ledger/access.ts'
import { cleanText } from '../fields.ts'
import { pageNumber } from '../pages.ts'
import { groupRow, modelRow } from './row.ts'

const SIZE_MAX = 500

const ModelQuery = z.object({ litellm_model_id: cleanText.optional() })
const GroupQuery = z.object({ model_group: cleanText.optional() })
const PageQuery = z.object({
  page: pageNumber(1),
  size: pageNumber(50, SIZE_MAX),
  modelId: cleanText.optional(),
  search: cleanText.optional(),
})

/** What config.yaml says of models, as far as a caller may call them. */
export function modelRoutes(deps: Deps): Hono<Acting> {
  const app = new Hono<Acting>()
  for (const prefix of ['', '/v1']) {
    app.get(`${prefix}/model/info`, acting(deps), query(ModelQuery), async (c) => {
      const { litellm_model_id: wanted } = c.req.valid('query')
      const all = await callable(deps, c)
      const found = wanted ? all.filter(({ id }) => id === wanted) : all
      if (wanted && found.length === 0) {
        const message = `Model id = ${wanted} not found on litellm proxy`
        throw badRequest(message, 'litellm_model_id')
      }
      return c.json({ data: rowsOf(c, found) })
    })
  }
  return app
    .get('/v2/model/info', acting(deps), query(PageQuery), async (c) =>
      c.json(paged(c, await callable(deps, c), c.req.valid('query'))),
    )
    .get('/model_group/info', acting(deps), query(GroupQuery), async (c) => {
      const { model_group: wanted } = c.req.valid('query')
      const isCallable = await access(deps, c)
      const names = listModels(deps.config, { wildcards: true }).filter(
        (name) => isCallable(name) && (!wanted || name === wanted),
      )
      return c.json({
        data: names.map((name) => groupRow(name, deploymentsOf(deps, name), Date.now())),
      })
    })
}

/** A pattern's own, or what the name means. */
function deploymentsOf({ config }: Deps, name: string): readonly Deployment[] {
  const wildcard = config.index.wildcards.find(({ pattern }) => pattern === name)
  return wildcard?.deployments ?? resolveGroup(config, name)?.deployments ?? []
}

/** Whether every row of the caller lets a name through. */
async function access(deps: Deps, c: Context) {
  const { rows } = payer(await callerOf(deps, c))
  return (name: string): boolean => rows.every((row) => isAllowed(row.models, name))
}

async function callable(deps: Deps, c: Context): Promise<Deployment[]> {
  const isCallable = await access(deps, c)
  return deps.config.deployments.filter(({ group }) => isCallable(group))
}

function rowsOf(c: Context<Acting>, deployments: readonly Deployment[]) {
  const isForAdmin = isAdmin(c.var.actor)
  return deployments.map((deployment) => modelRow(deployment, { isForAdmin, nowMs: Date.now() }))
}

function paged(
  c: Context<Acting>,
  all: readonly Deployment[],
  { page, size, modelId, search }: z.infer<typeof PageQuery>,
) {
  const part = search?.toLowerCase() ?? ''
  const found = all
    .filter(({ id }) => !modelId || id === modelId)
    .filter(({ group }) => group.toLowerCase().includes(part))
  return {
    data: rowsOf(c, found.slice((page - 1) * size, page * size)),
    total_count: found.length,
    current_page: page,
    total_pages: Math.ceil(found.length / size),
    size,
  }
}
