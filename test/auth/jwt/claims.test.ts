import { describe, expect, it } from 'vitest'
import { claimAt, scopesOf, textAt, textsAt } from '../../../src/auth/jwt/claims.ts'

const CLAIMS = {
  sub: 'u',
  number: 7,
  empty: '',
  nothing: null,
  groups: ['a', 'b', 3, null, ''],
  resource_access: { app: { roles: ['admin'] } },
  'https://idp.test/team': 'named by an address',
  'https://idp.test/app': { team: 'inside an address' },
  'a.b': 'whole',
  a: { b: 'nested' },
}

describe('the name of a claim', () => {
  it.each([
    ['sub', 'u'],
    ['resource_access.app.roles', ['admin']],
    ['https://idp.test/team', 'named by an address'],
    ['https://idp.test/app.team', 'inside an address'],
    ['a.b', 'whole'],
    ['nobody', undefined],
    ['sub.more', undefined],
    ['resource_access.app', { roles: ['admin'] }],
    ['resource_access.other.roles', undefined],
    ['constructor', undefined],
    ['a.__proto__', undefined],
    ['groups.0', undefined],
  ])('%s finds %j', (path, expected) => {
    expect(claimAt(CLAIMS, path)).toEqual(expected)
  })
})

describe('what a claim names', () => {
  it.each<[string | null, string | null]>([
    ['sub', 'u'],
    ['number', '7'],
    ['empty', null],
    ['nothing', null],
    ['nobody', null],
    [null, null],
    ['resource_access.app.roles', 'admin'],
  ])('%s is one thing: %j', (path, expected) => {
    expect(textAt(CLAIMS, path)).toBe(expected)
  })

  it('may be several things', () => {
    expect(textsAt(CLAIMS, 'groups')).toEqual(['a', 'b', '3'])
    expect(textsAt(CLAIMS, 'sub')).toEqual(['u'])
  })

  it.each([
    ['several where one is meant', ['a', 'b']],
    ['an object', { id: 'a' }],
    ['a truth', true],
    ['a list of lists', [['a']]],
    ['text with control characters', 'a\u0000b'],
    ['half a character', 'a\ud800'],
    ['very long text', 'a'.repeat(257)],
    ['a very long list', Array.from({ length: 1_001 }, (_, i) => `t${i}`)],
  ])('cannot be %s', (_name, value) => {
    const expected = {
      status: 401,
      message: 'Authentication Error, Validation fails: Invalid claim "team"',
    }
    expect(() => textAt({ team: value }, 'team')).toThrow(expect.objectContaining(expected))
  })
})

it.each<[unknown, string[]]>([
  ['openid litellm_proxy_admin  email', ['openid', 'litellm_proxy_admin', 'email']],
  [
    ['openid', 'a b'],
    ['openid', 'a', 'b'],
  ],
  [undefined, []],
  [7, []],
  ['', []],
])('the scope %j is %j', (scope, expected) => {
  expect(scopesOf({ scope })).toEqual(expected)
})
