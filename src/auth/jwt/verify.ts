import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { PublicKeySettings } from '../../config/jwt/jwt-auth.ts'
import { type ApiError, unauthorized } from '../../errors.ts'
import { type Algorithm, ALGORITHMS } from './key-set.ts'
import type { Asking, PublicKeys, Signed } from './public-keys.ts'

const CLOCK_TOLERANCE_S = 5

export interface VerifyDeps extends Asking {
  readonly publicKeys: PublicKeys
  readonly settings: Pick<PublicKeySettings, 'audience' | 'issuer'>
}

/** Three parts with dots between them; a key of ours has no dots. */
export function isToken(credential: string): boolean {
  return !credential.startsWith('sk-') && credential.split('.').length === 3
}

/** A token's claims, once all about it is verified. Throws 401, or 503 if the keys are away. */
export async function verifyToken(deps: VerifyDeps, token: string): Promise<JWTPayload> {
  const keys = await deps.publicKeys.find(readHeader(token), deps)
  if (keys.length === 0) {
    throw unauthorized('Authentication Error, No matching public key found.')
  }
  for (const key of keys) {
    const claims = await verifyWith(deps, token, key)
    if (claims) return claims
  }
  throw invalid(SIGNATURE)
}

/** Null if another key signed it. */
async function verifyWith(
  { settings, nowMs }: VerifyDeps,
  token: string,
  key: CryptoKey,
): Promise<JWTPayload | null> {
  const { audience, issuer } = settings
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [...ALGORITHMS],
      requiredClaims: ['exp'],
      currentDate: new Date(nowMs),
      clockTolerance: CLOCK_TOLERANCE_S,
      ...(audience && { audience: [...audience] }),
      ...(issuer && { issuer: [...issuer] }),
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return null
    throw refusalOf(error)
  }
}

/** Read before anything is verified: it only says which key to try. */
function readHeader(token: string): Signed {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    if (isAlgorithm(alg)) return { alg, kid: typeof kid === 'string' ? kid : null }
  } catch {
    // What is no header is no signature either.
  }
  throw invalid(SIGNATURE)
}

function isAlgorithm(name: unknown): name is Algorithm {
  return ALGORITHMS.some((algorithm) => algorithm === name)
}

const SIGNATURE = 'Signature verification failed'
const CLAIMS: Readonly<Record<string, string>> = {
  aud: 'Invalid audience',
  iss: 'Invalid issuer',
  nbf: 'The token is not yet valid',
  exp: 'Token is missing the "exp" claim',
}

/** The words that LiteLLM's clients look for, and nothing more. */
function refusalOf(error: unknown): ApiError {
  if (error instanceof errors.JWTExpired) {
    return unauthorized('Authentication Error, Token Expired')
  }
  const claim = error instanceof errors.JWTClaimValidationFailed ? error.claim : ''
  return invalid(CLAIMS[claim] ?? SIGNATURE)
}

function invalid(why: string): ApiError {
  return unauthorized(`Authentication Error, Validation fails: ${why}`)
}
