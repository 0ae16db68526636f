import { describe, expect, it } from 'vitest'
import { type Identity, readIdentity } from '../../../src/auth/jwt/identity.ts'
import { makeJwtAuth } from '../../../src/config/jwt/jwt-auth.ts'
import { JwtAuthFields } from '../../../src/config/jwt/schema.ts'

const SOURCES = { urls: [], audience: null, issuer: null }

function identity(fields: object, claims: Record<string, unknown>): Identity {
  return readIdentity(makeJwtAuth(JwtAuthFields.parse(fields), SOURCES), claims)
}

const TEAM = { team_id_jwt_field: 'client_id' }
const USER = { user_id_jwt_field: 'sub', user_email_jwt_field: 'email' }
const ROLES = {
  roles_jwt_field: 'app.roles',
  role_mappings: [
    { role: 'ops', internal_role: 'proxy_admin' },
    { role: 'machine', internal_role: 'team' },
    { role: 'person', internal_role: 'internal_user' },
  ],
  object_id_jwt_field: 'oid',
}

describe('a token speaks for', () => {
  it.each<[string, object, Record<string, unknown>, Partial<Identity>]>([
    [
      'the admin by its scope, whatever else it says',
      { ...TEAM, ...USER },
      { scope: 'openid litellm_proxy_admin', client_id: 't', sub: 'u' },
      { role: 'proxy_admin', userId: 'u' },
    ],
    [
      'the admin by another scope',
      { admin_jwt_scope: 'root' },
      { scope: ['root'] },
      { role: 'proxy_admin' },
    ],
    ['a team', TEAM, { client_id: 't' }, { role: 'team', teamId: 't' }],
    [
      'a team before its user',
      { ...TEAM, ...USER },
      { client_id: 't', sub: 'u', email: 'u@idp.test' },
      { role: 'team', teamId: 't', userId: 'u', userEmail: 'u@idp.test' },
    ],
    [
      'a team that the operator names, where it names none',
      { ...TEAM, team_id_default: 'd' },
      {},
      { role: 'team', teamId: 'd' },
    ],
    [
      'several teams, where its one team is a list',
      TEAM,
      { client_id: ['a', 'b'] },
      { role: 'team', teamId: null, teamIds: ['a', 'b'] },
    ],
    [
      'a user before a list of their teams',
      { ...USER, team_ids_jwt_field: 'groups' },
      { sub: 'u', groups: ['a'] },
      { role: 'internal_user', userId: 'u', teamIds: ['a'] },
    ],
    [
      'a list of teams, each once',
      { team_ids_jwt_field: 'groups' },
      { groups: ['a', 'b', 'a'] },
      { role: 'team', teamIds: ['a', 'b'] },
    ],
    ['a team by its name', { team_alias_jwt_field: 'team' }, { team: 'x' }, { teamAlias: 'x' }],
    ['a user', USER, { sub: 'u' }, { role: 'internal_user', userId: 'u', userEmail: null }],
    ['a user by their address', USER, { email: 'u@idp.test' }, { userEmail: 'u@idp.test' }],
    [
      'nobody by an address that it calls unverified',
      USER,
      { email: 'u@idp.test', email_verified: false },
      { role: null, userEmail: null },
    ],
    [
      'an end user besides',
      { ...TEAM, end_user_id_jwt_field: 'c' },
      { client_id: 't', c: 'x' },
      { endUser: 'x' },
    ],
    ['the admin by a role', ROLES, { app: { roles: ['ops'] } }, { role: 'proxy_admin' }],
    [
      'a team by a role',
      ROLES,
      { app: { roles: ['machine'] }, oid: 'o' },
      { role: 'team', teamId: 'o' },
    ],
    [
      'a user by a role',
      ROLES,
      { app: { roles: 'person' }, oid: 'o' },
      { role: 'internal_user', userId: 'o' },
    ],
    [
      'a user, though a role would make it an admin',
      { ...ROLES, ...USER },
      { sub: 'u', app: { roles: ['ops'] } },
      { role: 'internal_user', userId: 'u' },
    ],
    ['nobody', { ...ROLES, ...USER }, { app: { roles: ['guest'] } }, { role: null }],
    [
      'a user who has a role that is asked for',
      { ...USER, user_roles_jwt_field: 'roles', user_allowed_roles: ['basic', 'pro'] },
      { sub: 'u', roles: ['x', 'pro'] },
      { role: 'internal_user' },
    ],
    [
      'a user of the domain that is asked for',
      { ...USER, user_allowed_email_domain: 'idp.test' },
      { sub: 'u', email: 'U@IDP.test' },
      { userId: 'u' },
    ],
    [
      'a machine, which has no address',
      { ...TEAM, ...USER, user_allowed_email_domain: 'idp.test' },
      { client_id: 't' },
      { role: 'team' },
    ],
    [
      'a team with the scope that is asked for',
      { ...TEAM, team_jwt_scope: 'litellm_team' },
      { client_id: 't', scope: 'litellm_team' },
      { role: 'team', teamId: 't' },
    ],
  ])('%s', (_name, fields, claims, expected) => {
    expect(identity(fields, claims)).toMatchObject(expected)
  })
})

describe('a token may not', () => {
  it.each<[string, object, Record<string, unknown>, number, string]>([
    [
      'be without a team where one is asked for',
      { ...TEAM, ...USER },
      { sub: 'u' },
      401,
      "Authentication Error, No team id found in token. Checked team_id field 'client_id'",
    ],
    [
      'speak for a team without the scope for that',
      { ...TEAM, team_jwt_scope: 'litellm_team' },
      { client_id: 't', scope: 'openid' },
      403,
      'The token speaks for a team without the scope litellm_team',
    ],
    [
      'be of a user without the role that is asked for',
      { ...USER, user_roles_jwt_field: 'roles', user_allowed_roles: ['basic'] },
      { sub: 'u', roles: ['guest'] },
      403,
      "User role not allowed. Allowed roles=['basic']",
    ],
    ...[
      { email: 'u@evil.test' },
      { email: 'idp.test@evil.test' },
      { email: 'u@sub.idp.test' },
      {},
    ].map((claims): [string, object, Record<string, unknown>, number, string] => [
      `be of a user of another domain: ${JSON.stringify(claims)}`,
      { ...USER, user_allowed_email_domain: 'idp.test' },
      { sub: 'u', ...claims },
      403,
      'User email domain not allowed. Allowed domain=idp.test',
    ]),
    [
      'be of the user whose account pays for the master key',
      USER,
      { sub: 'default_user_id' },
      403,
      'The token may not be of default_user_id',
    ],
  ])('%s', (_name, fields, claims, status, message) => {
    const expected = expect.objectContaining({ status, message, type: 'auth_error' })
    expect(() => identity(fields, claims)).toThrow(expected)
  })
})
