import { unauthorized } from '../errors.ts'
import { sha256Hex } from '../ids.ts'
import type { PolicyRow } from '../ledger/types.ts'
import { ADMIN_USER_ID, type Caller } from './caller.ts'
import { isSameSecret, readCredential } from './credential.ts'
import { type FindKeyDeps, findKeyRecord } from './find-key.ts'

export interface AuthDeps extends FindKeyDeps {
  readonly masterKey: string
  readonly keyHeaderName: string | null
}

/** A request's headers → who calls. Throws 401, or 503 if a key can't be looked up now. */
export async function authenticate(deps: AuthDeps, headers: Headers): Promise<Caller> {
  const credential = readCredential(headers, deps.keyHeaderName)
  if (credential === null) throw unauthorized('Authentication Error, No api key passed in.')
  if (await isSameSecret(credential, deps.masterKey)) {
    return { kind: 'admin', hash: await sha256Hex(credential), userId: ADMIN_USER_ID }
  }
  if (!credential.startsWith('sk-')) throw notAKey(credential)
  const hash = await sha256Hex(credential)
  const record = await findKeyRecord(deps, hash)
  if (!record) throw unknownKey(credential, hash)
  return { kind: 'key', hash, record }
}

/** The caller as the ledger knows it: with the newer row that it answered with. */
export function withRow(caller: Caller, row: PolicyRow): Caller {
  if (caller.kind === 'admin') return caller
  const { record } = caller
  return { ...caller, record: { ...record, [row.kind]: row } }
}

/** The words of LiteLLM, whose clients look for them. */
export function unknownKey(key: string, hash: string) {
  return unauthorized(
    'Authentication Error, Invalid proxy server token passed. Received API Key = ' +
      `sk-...${key.slice(-4)}, Key Hash (Token) =${hash}. ` +
      'Unable to find token in cache or `LiteLLM_VerificationTokenTable`',
    'token_not_found_in_db',
    'key',
  )
}

function notAKey(credential: string) {
  const masked =
    credential.length > 8 ? `${credential.slice(0, 4)}****${credential.slice(-4)}` : '****'
  return unauthorized(
    `LiteLLM Virtual Key expected. Received=${masked}, expected to start with 'sk-'.`,
  )
}
