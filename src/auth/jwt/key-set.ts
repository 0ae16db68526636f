import { importJWK, importSPKI, importX509, type JWK } from 'jose'

/** What a token may be signed with. Never taken from the token, and none of them shares a secret. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

export type Algorithm = (typeof ALGORITHMS)[number]

/** A published key, imported once for each algorithm: values, which requests may share. */
export interface PublicKey {
  /** Null: it may have signed whatever a token says. */
  readonly kid: string | null
  readonly fits: (algorithm: Algorithm) => boolean
  /** Null: it is no key for this algorithm. */
  readonly importFor: (algorithm: Algorithm) => Promise<CryptoKey | null>
}

const KEYS_MAX = 100

/** JWKS, PEM, or PEM by kid → keys. Throws if it is none of these. */
export function readKeys(text: string): PublicKey[] {
  if (text.trimStart().startsWith('-----BEGIN')) return pemKeys(text)
  const document: unknown = JSON.parse(text)
  if (!isRecord(document)) throw new Error('no keys in the document')
  if (Array.isArray(document['keys'])) {
    const jwks = document['keys'].slice(0, KEYS_MAX)
    return jwks.flatMap((jwk: unknown) => (isJwk(jwk) ? jwkKey(jwk) : []))
  }
  return Object.entries(document)
    .slice(0, KEYS_MAX)
    .flatMap(([kid, pem]) => (typeof pem === 'string' ? pemKeys(pem, kid) : []))
}

/** The address of the keys, if the text is an OpenID Connect discovery document. */
export function readJwksUri(text: string): string | null {
  if (!text.trimStart().startsWith('{')) return null
  const document: unknown = JSON.parse(text)
  const uri = isRecord(document) ? document['jwks_uri'] : null
  return typeof uri === 'string' ? uri : null
}

const PEM = /-----BEGIN (PUBLIC KEY|CERTIFICATE)-----[A-Za-z0-9+/=\s]+-----END \1-----/g

function pemKeys(text: string, kid: string | null = null): PublicKey[] {
  return [...text.matchAll(PEM)].slice(0, KEYS_MAX).map(([pem, kind]) => ({
    kid,
    fits: () => true,
    importFor: once((algorithm) =>
      kind === 'CERTIFICATE' ? importX509(pem, algorithm) : importSPKI(pem, algorithm),
    ),
  }))
}

function jwkKey(jwk: JWK): PublicKey {
  return {
    kid: jwk.kid ?? null,
    fits: (algorithm) => mayVerify(jwk, algorithm),
    importFor: once(async (algorithm) => {
      const key = await importJWK(jwk, algorithm)
      if (key instanceof Uint8Array || key.type !== 'public') throw new Error('not a public key')
      return key
    }),
  }
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

function mayVerify({ kty, crv, alg, use, key_ops: operations }: JWK, algorithm: Algorithm) {
  const curve = CURVES[algorithm]
  const isOfType =
    algorithm === 'EdDSA' ? kty === 'OKP' : curve ? kty === 'EC' && crv === curve : kty === 'RSA'
  const isForThis = alg === undefined || alg === algorithm
  const isForSigning = (use ?? 'sig') === 'sig' && (operations?.includes('verify') ?? true)
  return isOfType && isForThis && isForSigning
}

function once(read: (algorithm: Algorithm) => Promise<CryptoKey>): PublicKey['importFor'] {
  const imported = new Map<Algorithm, CryptoKey | null>()
  return async (algorithm) => {
    const known = imported.get(algorithm)
    if (known !== undefined) return known
    const key = await read(algorithm).catch(() => null)
    imported.set(algorithm, key)
    return key
  }
}

function isJwk(value: unknown): value is JWK {
  if (!isRecord(value) || typeof value['kty'] !== 'string') return false
  const texts = ['kid', 'alg', 'use', 'crv'].map((name) => value[name])
  const operations = value['key_ops']
  const hasTexts = texts.every((text) => text === undefined || typeof text === 'string')
  return hasTexts && (operations === undefined || Array.isArray(operations))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
