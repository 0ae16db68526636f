/** LiteLLM's names for sets of routes, as far as these are served here. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  openai_routes: [
    '/chat/completions',
    '/completions',
    '/embeddings',
    '/engines/{model}/*',
    '/openai/deployments/{model}/*',
    '/models',
    '/models/*',
    '/responses',
    '/responses/*',
    '/images/*',
    '/audio/*',
    '/moderations',
  ],
  anthropic_routes: ['/messages', '/messages/count_tokens'],
  info_routes: [
    '/key/info',
    '/v2/key/info',
    '/key/list',
    '/key/aliases',
    '/key/health',
    '/team/info',
    '/team/list',
    '/v2/team/list',
    '/team/available',
    '/user/info',
    '/v2/user/info',
    '/budget/info',
    '/budget/list',
    '/model/info',
    '/model_group/info',
    '/models',
    '/models/*',
    '/health/*',
  ],
  key_management_routes: ['/key/*'],
  spend_tracking_routes: [
    '/spend/keys',
    '/spend/users',
    '/spend/tags',
    '/spend/calculate',
    '/spend/logs',
    '/spend/logs/*',
  ],
  global_spend_tracking_routes: [
    '/global/spend',
    '/global/spend/*',
    '/global/activity',
    '/global/activity/*',
  ],
  management_routes: [
    '/key/*',
    '/v2/key/info',
    '/team/*',
    '/v2/team/list',
    '/user/*',
    '/v2/user/info',
    '/budget/*',
    '/customer/*',
    '/end_user/*',
    '/model/info',
    '/model_group/info',
    '/audit',
    '/audit/*',
  ],
  public_routes: ['/', '/docs', '/openapi.json', '/routes', '/metrics', '/health/*'],
  mcp_routes: [],
  google_routes: [],
  agent_routes: [],
  litellm_native_routes: [],
  mapped_pass_through_routes: [],
  passthrough_routes_wildcard: [],
  apply_guardrail_routes: [],
  self_managed_routes: [],
  master_key_only_routes: [],
  ui_routes: [],
}

/** Groups that are made of others. */
const UNIONS: Readonly<Record<string, readonly string[]>> = {
  llm_api_routes: ['openai_routes', 'anthropic_routes', 'mcp_routes'],
}

const MATCHERS: ReadonlyMap<string, readonly RegExp[]> = new Map([
  ...Object.entries(GROUPS).map(([name, routes]) => [name, routes.map(matcher)] as const),
  ...Object.entries(UNIONS).map(
    ([name, groups]) =>
      [name, groups.flatMap((group) => GROUPS[group] ?? []).map(matcher)] as const,
  ),
])

/** Whether a name stands for a set of routes. */
export function isRouteGroup(name: string): boolean {
  return MATCHERS.has(name)
}

/** Whether a list of routes may have it: a route, a pattern, or the name of a set. */
export function isRouteName(name: string): boolean {
  return name.startsWith('/') || name === '*' || isRouteGroup(name)
}

/** Whether a list of routes, groups and patterns (`/key/*`, `/models/{id}`) names this path. */
export function isRouteAllowed(allowed: readonly string[], path: string): boolean {
  const plain = withoutVersion(path)
  return allowed.some((entry) =>
    (MATCHERS.get(entry) ?? [matcher(entry)]).some((pattern) => pattern.test(plain)),
  )
}

/** Each route is served with and without `/v1`. */
function withoutVersion(path: string): string {
  const plain = path.replace(/^\/v1(?=\/)/, '')
  return plain.length > 1 ? plain.replace(/\/$/, '') : plain
}

function matcher(pattern: string): RegExp {
  const sources = withoutVersion(pattern)
    .split(/(\*|\{[^{}/]+\})/)
    .map((part) => (part === '*' ? '.*' : /^\{.*\}$/.test(part) ? '[^/]+' : RegExp.escape(part)))
  return new RegExp(`^${sources.join('')}$`, 's')
}
