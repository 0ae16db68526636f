/** LiteLLM's names for groups of routes, written without their version. */
const OPENAI =
  '/chat/completions /completions /embeddings /responses /responses/{response_id} ' +
  '/images/generations /images/edits /audio/transcriptions /audio/speech /moderations /rerank ' +
  '/batches /batches/{batch_id} /files /files/{file_id} /engines/{model}/chat/completions ' +
  '/engines/{model}/completions /engines/{model}/embeddings ' +
  '/openai/deployments/{model}/chat/completions /openai/deployments/{model}/completions ' +
  '/openai/deployments/{model}/embeddings /models /models/*'
const ANTHROPIC = '/messages /messages/count_tokens'
const MCP = '/mcp /mcp/* /mcp-rest/*'
const INFO =
  '/key/info /key/list /team/info /team/list /user/info /user/list /budget/info /budget/list ' +
  '/model/info /model_group/info /models /models/* /health /health/services'
const MANAGEMENT =
  '/key/* /team/* /user/* /budget/* /customer/* /end_user/* /model/new /model/update ' +
  '/model/delete /model/info /audit /audit/{id}'
const SPEND = '/spend/*'
const GLOBAL_SPEND = '/global/spend /global/spend/* /global/activity /global/activity/*'
const PUBLIC = '/ /routes /health/liveliness /health/liveness /health/readiness /metrics'

/** What LiteLLM has and Tollgate does not: these let nothing through. */
const NOT_SERVED =
  'google_routes agent_routes litellm_native_routes mapped_pass_through_routes ui_routes ' +
  'passthrough_routes_wildcard apply_guardrail_routes self_managed_routes master_key_only_routes'

const GROUPS: Readonly<Record<string, string>> = {
  openai_routes: OPENAI,
  anthropic_routes: ANTHROPIC,
  mcp_routes: MCP,
  llm_api_routes: `${OPENAI} ${ANTHROPIC} ${MCP}`,
  info_routes: INFO,
  management_routes: MANAGEMENT,
  key_management_routes: '/key/*',
  spend_tracking_routes: SPEND,
  global_spend_tracking_routes: GLOBAL_SPEND,
  public_routes: PUBLIC,
}

type Route = readonly string[]

const ROUTES: ReadonlyMap<string, readonly Route[]> = new Map([
  ...NOT_SERVED.split(' ').map((name): [string, Route[]] => [name, []]),
  ...Object.entries(GROUPS).map(([name, routes]): [string, Route[]] => [
    name,
    routes.split(' ').map(segmentsOf),
  ]),
])

/** Whether a list of routes may have it: a route, a pattern, or the name of a group. */
export function isRouteName(name: string): boolean {
  return /^\/|^\*$/.test(name) || ROUTES.has(name)
}

/**
 * Whether one of these names the path: a route, with or without its version, with `{param}` for any
 * one segment and a `*` at its end for anything, or a group of routes. An empty list allows nothing.
 */
export function isRouteAllowed(allowed: readonly string[], path: string): boolean {
  const segments = segmentsOf(path)
  return allowed.some((name) =>
    (ROUTES.get(name) ?? [segmentsOf(name)]).some((route) => isNamed(route, segments)),
  )
}

function isNamed(route: Route, path: Route): boolean {
  const last = route.at(-1) ?? ''
  if (!last.endsWith('*')) return path.length === route.length && begins(path, route)
  const opening = last.slice(0, -1)
  if (opening === '' && route.length === 1) return true
  const next = path[route.length - 1]
  return begins(path, route.slice(0, -1)) && next !== undefined && next.startsWith(opening)
}

function begins(path: Route, route: Route): boolean {
  return route.every((segment, i) => {
    const isParam = /^\{.+\}$/.test(segment) && path[i] !== undefined
    return isParam || segment === path[i]
  })
}

/** Without a version in front and slashes at the end: all ways to write a route are one. */
function segmentsOf(path: string): Route {
  const segments = path.split('/').filter((segment) => segment !== '')
  return /^v[12]$/.test(segments[0] ?? '') ? segments.slice(1) : segments
}
