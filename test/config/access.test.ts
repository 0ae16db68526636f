import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'

const settingsOf = (variables: Readonly<Record<string, string>>) =>
  parseConfig('model_list: []', variables).config.settings.access

describe('Cloudflare Access', () => {
  it('is not there unless it is named', () => {
    expect(settingsOf({})).toBeNull()
  })

  it.each(['my-team.cloudflareaccess.com', 'https://my-team.cloudflareaccess.com/'])(
    'is found at %s',
    (domain) => {
      expect(settingsOf({ CF_ACCESS_TEAM_DOMAIN: domain, CF_ACCESS_AUD: 'a, b' })).toEqual({
        urls: ['https://my-team.cloudflareaccess.com/cdn-cgi/access/certs'],
        ttlMs: 600_000,
        audience: ['a', 'b'],
        issuer: ['https://my-team.cloudflareaccess.com'],
      })
    },
  )

  it.each<[Record<string, string>, string]>([
    [{ CF_ACCESS_AUD: 'a' }, 'CF_ACCESS_TEAM_DOMAIN: expected together with CF_ACCESS_AUD'],
    [{ CF_ACCESS_TEAM_DOMAIN: 'x.test' }, 'CF_ACCESS_AUD: expected together with'],
    [{ CF_ACCESS_TEAM_DOMAIN: 'http://x.test', CF_ACCESS_AUD: 'a' }, 'TEAM_DOMAIN: expected one'],
    [{ CF_ACCESS_TEAM_DOMAIN: 'x.test/path', CF_ACCESS_AUD: 'a' }, 'TEAM_DOMAIN: expected one'],
    [{ CF_ACCESS_TEAM_DOMAIN: 'x.test', CF_ACCESS_AUD: ',' }, 'CF_ACCESS_AUD: expected a tag'],
  ])('half named, or wrong, stops the start: %o', (variables, problem) => {
    expect(() => settingsOf(variables)).toThrow(problem)
  })
})
