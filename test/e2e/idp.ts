/** An identity provider on loopback: real keys, and a document of them that real requests fetch. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createServer } from 'node:http'
import { listen } from '../../dev/listen.ts'

export interface Idp {
  /** What goes into JWT_PUBLIC_KEY_URL: a discovery document. */
  url: string
  issuer: string
  /** How often keys were asked for. */
  asked: () => number
  /** Signed with the newest key. */
  token: (claims: Record<string, unknown>) => Promise<string>
  /** A new key; the others are published no more. */
  rotate: () => Promise<void>
  /** Closes each connection before it answers. */
  away: (isAway: boolean) => void
  close: () => Promise<void>
}

export const AUDIENCE = 'tollgate'

export async function startIdp(): Promise<Idp> {
  let key = await newKey()
  let [asked, isAway] = [0, false]
  const server = createServer((request, response) => {
    if (isAway) return response.destroy()
    const isDiscovery = request.url === '/.well-known/openid-configuration'
    if (!isDiscovery) asked++
    const document = isDiscovery ? { issuer, jwks_uri: `${issuer}/jwks` } : { keys: [key.jwk] }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })
  const { port, close } = await listen(server)
  const issuer = `http://127.0.0.1:${port}`
  return {
    url: `${issuer}/.well-known/openid-configuration`,
    issuer,
    asked: () => asked,
    token: (claims) =>
      new SignJWT({ iss: issuer, aud: AUDIENCE, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: key.kid })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(key.privateKey),
    rotate: async () => {
      key = await newKey()
    },
    away: (now) => {
      isAway = now
    },
    close,
  }
}

async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const kid = crypto.randomUUID()
  return {
    kid,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' },
  }
}
