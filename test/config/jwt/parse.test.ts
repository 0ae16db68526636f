import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig } from '../../../src/config/parse.ts'
import { ConfigError } from '../../../src/config/problems.ts'

const MODELS = [{ model_name: 'm', litellm_params: { model: 'ollama/x' } }]
const VARIABLES = { JWT_PUBLIC_KEY_URL: 'https://idp.test/jwks', JWT_AUDIENCE: 'tollgate' }

interface Root {
  readonly litellm_jwtauth?: unknown
  readonly general_settings?: object
}

function outcome(root: Root, variables: Readonly<Record<string, string>> = VARIABLES) {
  try {
    const { config, warnings } = parseConfig(stringify({ model_list: MODELS, ...root }), variables)
    return { jwtAuth: config.settings.jwtAuth, warnings, problems: [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { jwtAuth: null, warnings: [], problems: error.problems }
  }
}

const withFields = (fields: object, variables?: Readonly<Record<string, string>>) =>
  outcome({ general_settings: { litellm_jwtauth: fields } }, variables)

const PAGE = { team_id_jwt_field: 'client_id', team_id_upsert: true }

describe('litellm_jwtauth', () => {
  it.each<[string, Root]>([
    [
      'under general_settings, as the code of LiteLLM',
      { general_settings: { litellm_jwtauth: PAGE } },
    ],
    ['at the top, as its page on budgets', { litellm_jwtauth: PAGE }],
    [
      'in both, if they are alike',
      { litellm_jwtauth: PAGE, general_settings: { litellm_jwtauth: PAGE } },
    ],
    ['switched on', { litellm_jwtauth: PAGE, general_settings: { enable_jwt_auth: true } }],
  ])('may stand %s', (_name, root) => {
    const { jwtAuth, problems, warnings } = outcome(root)
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    expect(jwtAuth?.team).toMatchObject({ idField: 'client_id', upsert: true })
  })

  it('may not stand in both with different fields', () => {
    const { problems } = outcome({
      litellm_jwtauth: PAGE,
      general_settings: { litellm_jwtauth: { ...PAGE, team_id_upsert: false } },
    })
    expect(problems).toEqual([expect.stringMatching(/^litellm_jwtauth: expected in one place/)])
  })

  it('is off without it, and where enable_jwt_auth says so', () => {
    expect(outcome({}).jwtAuth).toBeNull()
    const off = outcome({ litellm_jwtauth: PAGE, general_settings: { enable_jwt_auth: false } }, {})
    expect(off).toMatchObject({ jwtAuth: null, problems: [] })
  })

  it("has LiteLLM's defaults", () => {
    const { jwtAuth } = outcome({ general_settings: { enable_jwt_auth: true } })
    expect(jwtAuth).toEqual({
      keys: {
        urls: ['https://idp.test/jwks'],
        ttlMs: 600_000,
        audience: ['tollgate'],
        issuer: null,
      },
      admin: {
        scope: 'litellm_proxy_admin',
        routes: [
          'management_routes',
          'spend_tracking_routes',
          'global_spend_tracking_routes',
          'info_routes',
        ],
      },
      team: {
        idField: null,
        idDefault: null,
        aliasField: null,
        idsField: null,
        upsert: false,
        scope: null,
        routes: ['openai_routes', 'info_routes', 'mcp_routes'],
        isRequired: false,
      },
      user: {
        idField: null,
        emailField: null,
        emailDomain: null,
        upsert: false,
        rolesField: null,
        allowedRoles: [],
      },
      endUserField: null,
      roles: { field: null, mappings: [], objectIdField: null, areEnforced: false },
      scopes: null,
      publicRoutes: ['public_routes'],
    })
  })

  it('reads every field', () => {
    const { jwtAuth, problems, warnings } = withFields({
      admin_jwt_scope: 'root',
      admin_allowed_routes: ['/team/*', 'llm_api_routes'],
      team_id_jwt_field: 'org.team',
      team_id_default: 'fallback',
      team_alias_jwt_field: 'team_name',
      team_ids_jwt_field: 'groups',
      team_id_upsert: 'yes',
      team_jwt_scope: 'litellm_team',
      team_allowed_routes: 'openai_routes',
      enforce_team_based_model_access: true,
      user_id_jwt_field: 'sub',
      user_email_jwt_field: 'email',
      user_allowed_email_domain: '@Example.com',
      user_id_upsert: true,
      user_roles_jwt_field: 'roles',
      user_allowed_roles: ['basic'],
      end_user_id_jwt_field: 'customer',
      public_key_ttl: 60,
      public_allowed_routes: ['public_routes', '/models'],
      enforce_rbac: true,
      roles_jwt_field: 'resource_access.app.roles',
      role_mappings: [{ role: 'ops', internal_role: 'proxy_admin' }],
      object_id_jwt_field: 'oid',
      scope_mappings: [{ scope: 'chat', models: ['m'], routes: ['/chat/completions'] }],
      enforce_scope_based_access: true,
    })
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    expect(jwtAuth).toMatchObject({
      keys: { ttlMs: 60_000 },
      admin: { scope: 'root', routes: ['/team/*', 'llm_api_routes'] },
      team: {
        idField: 'org.team',
        idDefault: 'fallback',
        aliasField: 'team_name',
        idsField: 'groups',
        upsert: true,
        scope: 'litellm_team',
        routes: ['openai_routes'],
        isRequired: true,
      },
      user: {
        idField: 'sub',
        emailField: 'email',
        emailDomain: 'example.com',
        upsert: true,
        rolesField: 'roles',
        allowedRoles: ['basic'],
      },
      endUserField: 'customer',
      roles: {
        field: 'resource_access.app.roles',
        mappings: [{ role: 'ops', internalRole: 'proxy_admin' }],
        objectIdField: 'oid',
        areEnforced: true,
      },
      scopes: [{ scope: 'chat', models: ['m'], routes: ['/chat/completions'] }],
      publicRoutes: ['public_routes', '/models'],
    })
  })
})

describe('a field of litellm_jwtauth that cannot be meant', () => {
  const PATH = 'general_settings.litellm_jwtauth'

  it.each<[object, string]>([
    [{ team_id_jwt_feild: 'x' }, 'team_id_jwt_feild: expected no such field'],
    [{ team_id_upsert: 'perhaps' }, 'team_id_upsert: expected true or false, got "perhaps"'],
    [{ user_id_jwt_field: ['sub'] }, 'user_id_jwt_field: expected the name of a claim'],
    [{ public_key_ttl: 0 }, 'public_key_ttl: expected seconds'],
    [{ team_allowed_routes: ['openai'] }, 'team_allowed_routes[0]: expected a route such as'],
    [{ admin_allowed_routes: {} }, 'admin_allowed_routes: expected a list of routes'],
    [{ public_allowed_routes: ['*'] }, 'public_allowed_routes: expected no routes of calls that'],
    [{ public_allowed_routes: ['/v1/messages'] }, 'public_allowed_routes: expected no routes of'],
    [{ user_allowed_roles: ['a'] }, 'user_allowed_roles: expected together with user_roles_jwt'],
    [{ user_roles_jwt_field: 'r' }, 'user_roles_jwt_field: expected together with user_allowed'],
    [{ roles_jwt_field: 'r' }, 'roles_jwt_field: expected together with role_mappings'],
    [{ object_id_jwt_field: 'o' }, 'object_id_jwt_field: expected together with role_mappings'],
    [
      { roles_jwt_field: 'r', role_mappings: [{ role: 'a', internal_role: 'root' }] },
      'role_mappings[0].internal_role: expected "proxy_admin" or "team" or "internal_user"',
    ],
    [{ enforce_scope_based_access: true }, 'enforce_scope_based_access: expected together with'],
    [{ scope_mappings: [{ scope: 'a', model: 'm' }] }, 'scope_mappings[0]: '],
    [{ org_id_jwt_field: 'org' }, 'org_id_jwt_field: not supported, this way of authenticating'],
    [{ custom_validate: 'a.b' }, 'custom_validate: not supported'],
    [{ sync_user_role_and_teams: true }, 'sync_user_role_and_teams: not supported'],
  ])('stops the start: %j', (fields, problem) => {
    expect(withFields(fields).problems).toEqual([expect.stringContaining(`${PATH}.${problem}`)])
  })

  it('is accepted without effect where the operator says so', () => {
    const general_settings = {
      litellm_jwtauth: { org_id_jwt_field: 'org' },
      ignore_unsupported: ['general_settings.litellm_jwtauth.org_id_jwt_field'],
    }
    expect(outcome({ general_settings }).problems).toEqual([])
  })

  it.each([[{ scope_mappings: [{ scope: 'a' }] }], [{ upsert_sso_user_to_team: true }]])(
    'is said if it does nothing: %j',
    (fields) => {
      expect(withFields(fields)).toMatchObject({ problems: [], warnings: [expect.any(String)] })
    },
  )
})

describe('where keys come from', () => {
  it('may be several addresses, audiences and issuers', () => {
    const { jwtAuth } = withFields(PAGE, {
      JWT_PUBLIC_KEY_URL: 'https://a.test/jwks, http://127.0.0.1:9/pem',
      JWT_AUDIENCE: 'a,b',
      JWT_ISSUER: 'https://a.test',
    })
    expect(jwtAuth?.keys).toMatchObject({
      urls: ['https://a.test/jwks', 'http://127.0.0.1:9/pem'],
      audience: ['a', 'b'],
      issuer: ['https://a.test'],
    })
  })

  it('has to be said', () => {
    expect(withFields(PAGE, { JWT_AUDIENCE: 'a' }).problems).toEqual([
      expect.stringContaining('Missing JWT Public Key URL from environment.'),
    ])
  })

  it.each(['idp.test/jwks', 'ftp://idp.test/jwks', 'https://user:pass@idp.test/jwks'])(
    'has to be an address: %s',
    (url) => {
      const { problems } = withFields(PAGE, { ...VARIABLES, JWT_PUBLIC_KEY_URL: url })
      expect(problems).toEqual([expect.stringContaining('JWT_PUBLIC_KEY_URL: expected a URL')])
    },
  )

  it('is doubted where anybody may change it, and where any audience will do', () => {
    const { warnings } = withFields(PAGE, { JWT_PUBLIC_KEY_URL: 'http://idp.test/jwks' })
    expect(warnings).toEqual([
      expect.stringContaining('JWT_PUBLIC_KEY_URL: http://idp.test is not encrypted'),
      expect.stringContaining('JWT_AUDIENCE is not set'),
    ])
  })
})
