import { describe, expect, it } from 'vitest'
import { readCredential, Secret } from '../../src/auth/credential.ts'
import { sha256Hex } from '../../src/ids.ts'
import { call, type ErrorBody, MASTER, newKey } from '../setup/worker.ts'

const models = (headers: HeadersInit): Promise<Response> => call('GET', '/models', { headers })

describe('readCredential', () => {
  it.each([
    ['authorization', 'Bearer sk-1', 'sk-1'],
    ['authorization', 'bearer sk-1', 'sk-1'],
    ['authorization', 'sk-1', 'sk-1'],
    ['authorization', `Basic ${btoa('user:sk-1')}`, 'sk-1'],
    ['authorization', `Basic ${btoa('sk-1')}`, 'sk-1'],
    ['api-key', 'sk-1', 'sk-1'],
    ['x-api-key', 'sk-1', 'sk-1'],
    ['x-goog-api-key', 'sk-1', 'sk-1'],
    ['ocp-apim-subscription-key', 'sk-1', 'sk-1'],
    ['x-litellm-api-key', 'Bearer sk-1', 'sk-1'],
    ['x-unknown', 'sk-1', null],
    ['authorization', '', null],
  ])('reads %s: %s', (name, value, expected) => {
    expect(readCredential(new Headers({ [name]: value }), null)).toBe(expected)
  })

  it('lets the configured header go first', () => {
    const headers = new Headers({ 'x-mine': 'sk-mine', authorization: 'Bearer sk-other' })
    expect(readCredential(headers, 'x-mine')).toBe('sk-mine')
    expect(readCredential(headers, null)).toBe('sk-other')
  })
})

describe('Secret', () => {
  it.each([
    ['sk-1234', true],
    ['sk-1235', false],
    ['sk-123', false],
    ['', false],
  ])('sk-1234 is told from %s by the hash: %s', async (given, same) => {
    const secret = new Secret('sk-1234')
    for (let times = 0; times < 2; times++) {
      expect(await secret.isHashedAs(await sha256Hex(given))).toBe(same)
    }
    expect(await secret.isHashedAs(given)).toBe(false)
  })
})

describe('a caller', () => {
  it('may use any of the headers', async () => {
    const key = await newKey()
    for (const name of ['authorization', 'api-key', 'x-api-key', 'x-litellm-api-key']) {
      expect((await models({ [name]: key })).status).toBe(200)
    }
    expect((await models({ authorization: `Bearer ${MASTER}` })).status).toBe(200)
  })

  it.each([
    [{}, 'Authentication Error, No api key passed in.', 'auth_error'],
    [
      { authorization: 'Bearer my-key-1234' },
      "LiteLLM Virtual Key expected. Received=my-k****1234, expected to start with 'sk-'.",
      'auth_error',
    ],
    [
      { authorization: 'Bearer sk-unknown-abcd' },
      'Authentication Error, Invalid proxy server token passed. Received API Key = sk-...abcd, ' +
        'Key Hash (Token) =',
      'token_not_found_in_db',
    ],
  ])('without a good key gets 401: %j', async (headers, words, type) => {
    const response = await models(headers)
    const { error } = await response.json<ErrorBody>()
    expect(response.status).toBe(401)
    expect(error.message).toContain(words)
    expect(error).toMatchObject({ type, code: '401' })
  })

  it('may ask for a key before it is made, and use it right after', async () => {
    const key = `sk-early-${crypto.randomUUID()}`
    expect((await models({ authorization: `Bearer ${key}` })).status).toBe(401)
    await newKey({ key })
    expect((await models({ authorization: `Bearer ${key}` })).status).toBe(200)
  })
})
