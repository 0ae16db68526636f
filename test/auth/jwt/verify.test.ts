import { base64url, CompactSign, type JWTPayload, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ALGORITHMS } from '../../../src/auth/jwt/key-set.ts'
import { PublicKeys } from '../../../src/auth/jwt/public-keys.ts'
import { isToken, verifyToken } from '../../../src/auth/jwt/verify.ts'
import { Internet, JWKS_URL, newSigner, sign, type Signer } from './idp.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const nowS = () => Math.floor(Date.now() / 1_000)

let signer: Signer
beforeAll(async () => {
  signer = await newSigner('one')
})
afterEach(() => vi.restoreAllMocks())

interface Options {
  readonly urls?: readonly string[]
  readonly audience?: readonly string[] | null
  readonly issuer?: readonly string[] | null
}

const defer = (work: Promise<unknown>): void => void work

/** One isolate that knows the address of keys. */
function verifier({ urls = [JWKS_URL], audience = null, issuer = null }: Options = {}) {
  const publicKeys = new PublicKeys({ urls, ttlMs: 10 * MINUTE })
  const settings = { audience, issuer }
  return (token: string, nowMs = Date.now()): Promise<JWTPayload> =>
    verifyToken({ publicKeys, settings, nowMs, defer }, token)
}

const refusal = (message: string) => ({
  status: 401,
  type: 'auth_error',
  message: `Authentication Error, ${message}`,
})
const SIGNATURE = refusal('Validation fails: Signature verification failed')
const NO_KEY = refusal('No matching public key found.')

describe('a token', () => {
  it.each([
    ['a.b.c', true],
    ['eyJhbGciOiJSUzI1NiJ9.e30.x', true],
    ['sk-a.b.c', false],
    ['a.b', false],
    ['a.b.c.d', false],
    ['plain', false],
  ])('%s: %s', (credential, is) => {
    expect(isToken(credential)).toBe(is)
  })

  it.each(ALGORITHMS)('may be signed with %s', async (alg) => {
    const other = await newSigner('k', alg)
    new Internet().publish(other).connect()
    const token = await sign(other, { sub: 'u' })
    expect(await verifier()(token)).toMatchObject({ sub: 'u' })
  })

  it('is taken from the audience and the issuer that were named, any of them', async () => {
    new Internet().publish(signer).connect()
    const verify = verifier({ audience: ['a', 'b'], issuer: ['https://idp.test'] })
    const token = await sign(signer, { aud: ['z', 'b'], iss: 'https://idp.test' })
    expect(await verify(token)).toMatchObject({ iss: 'https://idp.test' })
  })

  it('may be a few seconds off, as clocks are', async () => {
    new Internet().publish(signer).connect()
    const token = await sign(signer, { exp: nowS() - 2, nbf: nowS() + 2 })
    await expect(verifier()(token)).resolves.toBeDefined()
  })
})

const tampered = async () => {
  const [header, payload = '', signature] = (await sign(signer, { sub: 'u' })).split('.')
  const claims = new TextDecoder().decode(base64url.decode(payload)).replace('"u"', '"v"')
  return [header, base64url.encode(claims), signature].join('.')
}
const unsigned = async () => {
  const [, payload] = (await sign(signer)).split('.')
  return `${base64url.encode('{"alg":"none"}')}.${payload}.`
}
const hmac = async () => {
  const secret = new TextEncoder().encode(signer.pem)
  const payload = new TextEncoder().encode(JSON.stringify({ exp: nowS() + 60 }))
  return new CompactSign(payload).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret)
}
const forged = async () => sign(await newSigner('one'))

async function critical(): Promise<string> {
  const header = { alg: 'RS256', kid: 'one', crit: ['x'], x: 1 }
  const payload = { exp: nowS() + 60 }
  return new SignJWT(payload).setProtectedHeader(header).sign(signer.privateKey, {
    crit: { x: true },
  })
}

describe('a token is refused', () => {
  it.each<[string, () => Promise<string>, object]>([
    ['unsigned', unsigned, SIGNATURE],
    ['signed by HMAC with the public key', hmac, SIGNATURE],
    ['tampered with', tampered, SIGNATURE],
    ['signed by another key of the same name', forged, SIGNATURE],
    ['no token at all', async () => 'a.b.c', SIGNATURE],
    ['of an unknown key', async () => sign(signer, {}, { kid: 'two' }), NO_KEY],
    ['expired', async () => sign(signer, { exp: nowS() - 10 }), refusal('Token Expired')],
    [
      'without an end',
      async () => sign(signer, { exp: undefined }),
      refusal('Validation fails: Token is missing the "exp" claim'),
    ],
    [
      'not valid yet',
      async () => sign(signer, { nbf: nowS() + 10 }),
      refusal('Validation fails: The token is not yet valid'),
    ],
    ['critical in a way that nobody understands', critical, SIGNATURE],
  ])('if it is %s', async (_name, make, expected) => {
    new Internet().publish(signer).connect()
    await expect(verifier()(await make())).rejects.toMatchObject(expected)
  })

  it.each([
    [{ aud: 'other', iss: 'i' }, 'Invalid audience'],
    [{ iss: 'i' }, 'Invalid audience'],
    [{ aud: 'a', iss: 'other' }, 'Invalid issuer'],
    [{ aud: 'a' }, 'Invalid issuer'],
  ])('if it is for or from others: %j', async (claims, why) => {
    new Internet().publish(signer).connect()
    const verify = verifier({ audience: ['a'], issuer: ['i'] })
    const expected = refusal(`Validation fails: ${why}`)
    await expect(verify(await sign(signer, claims))).rejects.toMatchObject(expected)
  })

  it('if its key is for another algorithm', async () => {
    const other = await newSigner('one', 'RS384')
    const internet = new Internet().connect()
    internet.pages.set(JWKS_URL, keySet({ ...other.jwk, alg: 'RS256' }))
    await expect(verifier()(await sign(other))).rejects.toMatchObject(NO_KEY)
  })

  it('if its key is a shared secret that somebody published', async () => {
    const internet = new Internet().connect()
    internet.pages.set(JWKS_URL, '{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"one"}]}')
    await expect(verifier()(await sign(signer))).rejects.toMatchObject(NO_KEY)
  })
})

describe('keys may be published as', () => {
  const DISCOVERY = 'https://idp.test/.well-known/openid-configuration'

  it.each<[string, string, (signer: Signer) => string]>([
    ['PEM, for whatever kid', 'https://idp.test/pem', ({ pem }) => pem],
    ['PEM by kid', 'https://idp.test/certs', ({ pem }) => JSON.stringify({ one: pem, two: 'x' })],
    ['a key without a kid', JWKS_URL, ({ jwk }) => keySet({ ...jwk, kid: undefined })],
    ['a key without an algorithm', JWKS_URL, ({ jwk }) => keySet({ ...jwk, alg: undefined })],
    ['one among broken ones', JWKS_URL, ({ jwk }) => keySet({ kty: 'RSA', kid: 'one' }, 3, jwk)],
  ])('%s', async (_name, url, page) => {
    const internet = new Internet().connect()
    internet.pages.set(url, page(signer))
    await expect(verifier({ urls: [url] })(await sign(signer))).resolves.toBeDefined()
  })

  it('a discovery document that names their address', async () => {
    const internet = new Internet().publish(signer).connect()
    internet.pages.set(DISCOVERY, JSON.stringify({ issuer: 'i', jwks_uri: JWKS_URL }))
    await expect(verifier({ urls: [DISCOVERY] })(await sign(signer))).resolves.toBeDefined()
    expect(internet.asked).toEqual([DISCOVERY, JWKS_URL])
  })

  it('but not at an address that is less safe than the first', async () => {
    const internet = new Internet().publish(signer).connect()
    internet.pages.set(DISCOVERY, JSON.stringify({ jwks_uri: 'http://idp.test/jwks' }))
    const verify = verifier({ urls: [DISCOVERY] })
    await expect(verify(await sign(signer))).rejects.toMatchObject({ status: 503 })
    expect(internet.asked).toEqual([DISCOVERY])
  })

  it('several documents', async () => {
    const internet = new Internet().publish(await newSigner('other')).connect()
    internet.pages.set('https://b.test/jwks', keySet(signer.jwk))
    const verify = verifier({ urls: [JWKS_URL, 'https://b.test/jwks'] })
    await expect(verify(await sign(signer))).resolves.toBeDefined()
  })

  it.each<[string, string | Response]>([
    ['too large', `{"keys":[],"x":"${'x'.repeat(600 * 1024)}"}`],
    ['elsewhere', new Response(null, { status: 302, headers: { location: 'https://b.test/' } })],
    ['no document', 'hello'],
  ])('but not %s', async (_name, page) => {
    const internet = new Internet().connect()
    internet.pages.set(JWKS_URL, page)
    await expect(verifier()(await sign(signer))).rejects.toMatchObject({ status: 503 })
  })

  it('several of one kind, of which a token without a kid names none', async () => {
    new Internet().publish(await newSigner('other'), signer).connect()
    const token = await sign({ ...signer, kid: undefined as unknown as string })
    await expect(verifier()(token)).resolves.toBeDefined()
  })
})

function keySet(...keys: unknown[]): string {
  return JSON.stringify({ keys })
}

describe('keys in memory', () => {
  it('are fetched once in ten minutes', async () => {
    const internet = new Internet().publish(signer).connect()
    const verify = verifier()
    const [startMs, token] = [Date.now(), await sign(signer)]
    for (let i = 0; i < 10; i++) await verify(token, startMs + i * MINUTE)
    expect(internet.asked).toHaveLength(1)
    await verify(token, startMs + 10 * MINUTE + 1)
    expect(internet.asked).toHaveLength(2)
  })

  it('are fetched once for 100 first tokens at once', async () => {
    const internet = new Internet().publish(signer).connect()
    const verify = verifier()
    const token = await sign(signer)
    await Promise.all(Array.from({ length: 100 }, () => verify(token)))
    expect(internet.asked).toHaveLength(1)
  })

  it('are fetched anew for a key that was published since', async () => {
    const internet = new Internet().publish(signer).connect()
    const verify = verifier()
    const startMs = Date.now()
    await verify(await sign(signer), startMs)
    const next = await newSigner('next')
    internet.publish(signer, next)
    await expect(verify(await sign(next), startMs + MINUTE)).resolves.toBeDefined()
    expect(internet.asked).toHaveLength(2)
  })

  it('forget a key that is published no more', async () => {
    const internet = new Internet().publish(signer).connect()
    const verify = verifier()
    const startMs = Date.now()
    await verify(await sign(signer), startMs)
    internet.publish(await newSigner('next'))
    const late = verify(await sign(signer), startMs + 11 * MINUTE)
    await expect(late).rejects.toMatchObject(NO_KEY)
  })

  it('are fetched a bounded number of times by a flood of unknown kids', async () => {
    const internet = new Internet().publish(signer).connect()
    const verify = verifier()
    const startMs = Date.now()
    for (let i = 0; i < 1_000; i++) {
      const token = `${base64url.encode(`{"alg":"RS256","kid":"junk-${i}"}`)}.e30.x`
      await expect(verify(token, startMs + i * 60)).rejects.toMatchObject(NO_KEY)
    }
    expect(internet.asked.length).toBeLessThanOrEqual(1 + 60 / 10)
  })

  it('are used for a day while their address is away, which is asked twice a minute', async () => {
    const internet = new Internet().publish(signer).connect()
    const verify = verifier()
    const startMs = Date.now()
    const token = await sign(signer, { exp: nowS() + 48 * 3_600 })
    await verify(token, startMs)
    internet.isAway = true
    const laterMs = startMs + HOUR
    for (let i = 0; i < 60; i++) await verify(token, laterMs + i * 1_000)
    expect(internet.asked.length).toBeLessThanOrEqual(1 + 2)
    await verify(token, startMs + 24 * HOUR)
    const tooLate = verify(token, startMs + 24 * HOUR + MINUTE)
    await expect(tooLate).rejects.toMatchObject({ status: 503 })
  })

  it('are asked for again once their address is back', async () => {
    const internet = new Internet().publish(signer).connect()
    internet.isAway = true
    const verify = verifier()
    const [startMs, token] = [Date.now(), await sign(signer)]
    const failure = { status: 503, headers: { 'retry-after': '2' } }
    for (let i = 0; i < 5; i++) {
      await expect(verify(token, startMs + i * 1_000)).rejects.toMatchObject(failure)
    }
    expect(internet.asked).toHaveLength(1)
    internet.isAway = false
    await expect(verify(token, startMs + 10_001)).resolves.toBeDefined()
  })
})
