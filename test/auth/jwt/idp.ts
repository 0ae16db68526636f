import { exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose'
import { vi } from 'vitest'
import type { Algorithm } from '../../../src/auth/jwt/key-set.ts'

export const JWKS_URL = 'https://idp.test/jwks'

export interface Signer {
  readonly kid: string
  readonly alg: Algorithm
  readonly privateKey: CryptoKey
  readonly jwk: object
  readonly pem: string
}

export async function newSigner(kid: string, alg: Algorithm = 'RS256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  return { kid, alg, privateKey, jwk, pem: await exportSPKI(publicKey) }
}

/** A token of these claims; it expires in an hour unless they say. */
export function sign(
  { alg, kid, privateKey }: Signer,
  claims: Record<string, unknown> = {},
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const payload = { exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
}

/** What stands at addresses that end with `.test`, and how often each was asked. */
export class Internet {
  readonly pages = new Map<string, string | Response>()
  readonly asked: string[] = []
  isAway = false

  /** Until the test ends. */
  connect(): this {
    const { fetch: real } = globalThis
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const { url } = new Request(input)
      if (!new URL(url).hostname.endsWith('.test')) return real(input, init)
      this.asked.push(url)
      if (this.isAway) throw new Error('connection refused')
      if (init?.redirect !== 'manual') throw new Error('redirects would be followed')
      const page = this.pages.get(url) ?? new Response(null, { status: 404 })
      return typeof page === 'string' ? new Response(page) : page
    })
    return this
  }

  publish(...signers: Signer[]): this {
    this.pages.set(JWKS_URL, JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }))
    return this
  }
}
