import { z } from 'zod'
import { isRouteAllowed, isRouteName } from '../../auth/route-groups.ts'
import { expected, expectedValue, flag, id, oneOf, seconds, text, texts } from '../values.ts'

const CLAIM = 'the name of a claim such as "sub" or "resource_access.app.roles"'
const ROUTE = 'a route such as "/key/info" or a group of LiteLLM’s such as "openai_routes"'
const SPENDING = ['/chat/completions', '/completions', '/embeddings', '/messages', '/responses']

const claim = () => text(CLAIM).optional()
const flagged = () => flag().optional()
const routes = () =>
  texts(`a list of routes such as ["openai_routes", "/key/info"]`).pipe(
    z.array(z.string().refine(isRouteName, expectedValue(ROUTE))),
  )

const RoleMapping = z.strictObject(
  {
    role: text('a role of the token'),
    internal_role: oneOf('proxy_admin', 'team', 'internal_user'),
  },
  expected('a mapping such as {role: "app.admins", internal_role: proxy_admin}'),
)

const ScopeMapping = z.strictObject(
  {
    scope: text('a scope of the token'),
    models: texts('a list of models').optional(),
    routes: routes().optional(),
  },
  expected('a mapping such as {scope: "litellm.chat", models: ["gpt-4o"]}'),
)

/** The fields of `litellm_jwtauth` that are enforced. */
export const enforced = {
  admin_jwt_scope: text('a scope such as "litellm_proxy_admin"').optional(),
  admin_allowed_routes: routes().optional(),
  team_id_jwt_field: claim(),
  team_id_default: id().optional(),
  team_alias_jwt_field: claim(),
  team_ids_jwt_field: claim(),
  team_id_upsert: flagged(),
  team_jwt_scope: text('a scope such as "litellm_team"').optional(),
  team_allowed_routes: routes().optional(),
  enforce_team_based_model_access: flagged(),
  user_id_jwt_field: claim(),
  user_email_jwt_field: claim(),
  user_allowed_email_domain: text('a domain such as "example.com"').optional(),
  user_id_upsert: flagged(),
  user_roles_jwt_field: claim(),
  user_allowed_roles: texts('a list of roles').optional(),
  end_user_id_jwt_field: claim(),
  public_key_ttl: seconds().optional(),
  public_allowed_routes: routes()
    .refine((allowed) => SPENDING.every((path) => !isRouteAllowed(allowed, path)), {
      error: 'expected no routes of calls that cost money',
    })
    .optional(),
  enforce_rbac: flagged(),
  roles_jwt_field: claim(),
  role_mappings: z.array(RoleMapping, expected('a list of mappings')).optional(),
  object_id_jwt_field: claim(),
  scope_mappings: z.array(ScopeMapping, expected('a list of mappings')).optional(),
  enforce_scope_based_access: flagged(),
}

/** Those that would decide who may what, and that nothing enforces. */
export const UNENFORCED =
  'org_id_jwt_field org_alias_jwt_field custom_validate jwt_litellm_role_map ' +
  'sync_user_role_and_teams oidc_userinfo_enabled oidc_userinfo_endpoint ' +
  'virtual_key_claim_field routing_overrides'

/** Those without which everything is as they say, or that only belong to the ones above. */
const WITHOUT_EFFECT =
  'upsert_sso_user_to_team oidc_userinfo_cache_ttl virtual_key_mapping_cache_ttl'

const others = Object.fromEntries(
  `${UNENFORCED} ${WITHOUT_EFFECT}`.split(' ').map((name) => [name, z.unknown().optional()]),
)

/** `litellm_jwtauth`. A name that LiteLLM does not have is a mistake: it may be a restriction. */
export const JwtAuthFields = z
  .object({ ...others, ...enforced }, expected('a mapping such as {team_id_jwt_field: client_id}'))
  .catchall(
    z.custom(() => false, { error: 'expected no such field: LiteLLM has none of this name' }),
  )
  .superRefine((sent, context) => {
    for (const [name, other] of TOGETHER) {
      if (sent[name] === undefined || sent[other] !== undefined) continue
      context.addIssue({ code: 'custom', path: [name], message: `expected together with ${other}` })
    }
  })

const TOGETHER = [
  ['user_roles_jwt_field', 'user_allowed_roles'],
  ['user_allowed_roles', 'user_roles_jwt_field'],
  ['role_mappings', 'roles_jwt_field'],
  ['roles_jwt_field', 'role_mappings'],
  ['object_id_jwt_field', 'role_mappings'],
  ['enforce_scope_based_access', 'scope_mappings'],
] as const

export type JwtAuthFields = z.infer<typeof JwtAuthFields>
