import type { JwtAuthFields } from './schema.ts'

/** Who a JSON Web Token speaks for, and what it may. Claims are named as `claimAt` reads them. */
export interface JwtAuth {
  readonly keys: PublicKeySettings
  readonly admin: { readonly scope: string; readonly routes: readonly string[] }
  readonly team: {
    readonly idField: string | null
    /** Where that claim is absent. */
    readonly idDefault: string | null
    readonly aliasField: string | null
    readonly idsField: string | null
    readonly upsert: boolean
    /** A token speaks for a team only with this scope; null: with any. */
    readonly scope: string | null
    readonly routes: readonly string[]
    /** Nobody calls a model but through a team. */
    readonly isRequired: boolean
  }
  readonly user: {
    readonly idField: string | null
    readonly emailField: string | null
    readonly emailDomain: string | null
    readonly upsert: boolean
    readonly rolesField: string | null
    readonly allowedRoles: readonly string[]
  }
  readonly endUserField: string | null
  readonly roles: {
    readonly field: string | null
    readonly mappings: readonly RoleMapping[]
    /** Of a token whose role comes from a mapping: the id of its team or user. */
    readonly objectIdField: string | null
    /** Without a role nothing is allowed, public routes neither. */
    readonly areEnforced: boolean
  }
  /** Null: scopes limit nothing. */
  readonly scopes: readonly ScopeMapping[] | null
  readonly publicRoutes: readonly string[]
}

export interface PublicKeySettings {
  /** JWKS, OpenID Connect discovery documents or PEM. */
  readonly urls: readonly string[]
  readonly ttlMs: number
  /** Any of them will do. Null: not checked. */
  readonly audience: readonly string[] | null
  readonly issuer: readonly string[] | null
}

export interface RoleMapping {
  readonly role: string
  readonly internalRole: 'proxy_admin' | 'team' | 'internal_user'
}

export interface ScopeMapping {
  readonly scope: string
  /** Null: not limited by this scope. */
  readonly models: readonly string[] | null
  readonly routes: readonly string[]
}

const ADMIN_ROUTES = [
  'management_routes',
  'spend_tracking_routes',
  'global_spend_tracking_routes',
  'info_routes',
]
const TEAM_ROUTES = ['openai_routes', 'info_routes', 'mcp_routes']
const DEFAULT_TTL_SECONDS = 600

type KeySources = Omit<PublicKeySettings, 'ttlMs'>

/** With LiteLLM's defaults. */
export function makeJwtAuth(sent: JwtAuthFields, sources: KeySources): JwtAuth {
  return {
    keys: { ...sources, ttlMs: (sent.public_key_ttl ?? DEFAULT_TTL_SECONDS) * 1_000 },
    admin: {
      scope: sent.admin_jwt_scope ?? 'litellm_proxy_admin',
      routes: sent.admin_allowed_routes ?? ADMIN_ROUTES,
    },
    team: {
      idField: sent.team_id_jwt_field ?? null,
      idDefault: sent.team_id_default ?? null,
      aliasField: sent.team_alias_jwt_field ?? null,
      idsField: sent.team_ids_jwt_field ?? null,
      upsert: sent.team_id_upsert ?? false,
      scope: sent.team_jwt_scope ?? null,
      routes: sent.team_allowed_routes ?? TEAM_ROUTES,
      isRequired: sent.enforce_team_based_model_access ?? false,
    },
    user: {
      idField: sent.user_id_jwt_field ?? null,
      emailField: sent.user_email_jwt_field ?? null,
      emailDomain: sent.user_allowed_email_domain?.replace(/^@/, '').toLowerCase() ?? null,
      upsert: sent.user_id_upsert ?? false,
      rolesField: sent.user_roles_jwt_field ?? null,
      allowedRoles: sent.user_allowed_roles ?? [],
    },
    endUserField: sent.end_user_id_jwt_field ?? null,
    roles: {
      field: sent.roles_jwt_field ?? null,
      mappings: (sent.role_mappings ?? []).map(({ role, internal_role }) => {
        return { role, internalRole: internal_role }
      }),
      objectIdField: sent.object_id_jwt_field ?? null,
      areEnforced: sent.enforce_rbac ?? false,
    },
    scopes: sent.enforce_scope_based_access ? scopeMappings(sent) : null,
    publicRoutes: sent.public_allowed_routes ?? ['public_routes'],
  }
}

/** A scope that names no routes is for calls: a key made with it would not have its limits. */
function scopeMappings({ scope_mappings: sent = [] }: JwtAuthFields): ScopeMapping[] {
  return sent.map(({ scope, models = null, routes = TEAM_ROUTES }) => ({ scope, models, routes }))
}
