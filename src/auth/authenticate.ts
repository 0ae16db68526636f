import type { KeyRecord } from '../db/keys.ts'
import { unauthorized } from '../errors.ts'
import { sha256Hex } from '../ids.ts'
import { type PolicyRow, unlimitedRow } from '../ledger/policy.ts'
import { ADMIN_USER_ID, type Caller } from './caller.ts'
import { readCredential, type Secret } from './credential.ts'
import { type FindKeyDeps, findKeyRecord, refetchKey } from './find-key.ts'
import { isToken } from './jwt/verify.ts'

export interface AuthDeps extends FindKeyDeps {
  readonly masterKey: Secret
  readonly keyHeaderName: string | null
  /** Null: nobody is known by a token. */
  readonly callerOfToken: ((token: string) => Promise<Caller>) | null
}

/** A request's headers → who calls. Throws 401, or 503 if a key can't be looked up now. */
export async function authenticate(deps: AuthDeps, headers: Headers): Promise<Caller> {
  const credential = readCredential(headers, deps.keyHeaderName)
  if (credential === null) throw unauthorized('Authentication Error, No api key passed in.')
  const hash = await sha256Hex(credential)
  const admin = await adminOf(deps, hash)
  if (admin) return admin
  if (deps.callerOfToken && isToken(credential)) return deps.callerOfToken(credential)
  if (!credential.startsWith('sk-')) throw notAKey(credential)
  const record = await findKeyRecord(deps, hash)
  if (!record) throw unknownKey(credential, hash)
  return { kind: 'key', hash, record }
}

/** Who has the key with this hash; null: nobody any more. Throws 503 if it can't be looked up now. */
export async function callerOfHash(deps: AdminDeps, hash: string): Promise<Caller | null> {
  const admin = await adminOf(deps, hash)
  if (admin) return admin
  const record = await findKeyRecord(deps, hash)
  return record && { kind: 'key', hash, record }
}

type AdminDeps = Pick<AuthDeps, 'masterKey'> & FindKeyDeps

async function adminOf({ masterKey, cache }: AdminDeps, hash: string): Promise<Caller | null> {
  if (!(await masterKey.isHashedAs(hash))) return null
  const account = cache.adminAccount
  return { kind: 'admin', hash, userId: ADMIN_USER_ID, ...(account && { account }) }
}

/**
 * The caller as the ledger knows it: with the rows that are newer than the caller's own. Null if
 * these don't complete it (another account pays now, or another member or budget row counts): `refetch` does.
 */
export function withRows(caller: Caller, rows: readonly PolicyRow[]): Caller | null {
  const newest = (known: PolicyRow): PolicyRow =>
    rows.find((row) => isSameRow(row, known) && row.version > known.version) ?? known
  if (caller.kind === 'admin') {
    const account = newest(caller.account ?? unlimitedRow('account', `user:${caller.userId}`))
    return { ...caller, account }
  }
  const { record } = caller
  if (caller.kind === 'jwt' && isGone(record, newest)) return null
  if (rows.some((row) => isSameRow(row, record.key) && isElsewhere(row, record))) return null
  const key = newest(record.key)
  const budget = budgetOf(record, key, rows)
  if (budget === undefined) return null
  const [account, member] = [newest(record.account), record.member && newest(record.member)]
  return {
    ...caller,
    record: { ...record, key, account, member: member ?? null, budget: budget && newest(budget) },
  }
}

/**
 * Keys go with their team and their member, tokens do not: the team's id may be another team's by
 * now, and who was taken out of it is no member.
 */
function isGone({ account, member }: KeyRecord, newest: (known: PolicyRow) => PolicyRow): boolean {
  return newest(account).deleted || (member ? newest(member).deleted : false)
}

/** Of the same version as the record's: the key is on its way, and may have arrived by now. */
function isElsewhere({ version, accountId, userId }: PolicyRow, record: KeyRecord): boolean {
  const isMoved = accountId !== undefined && accountId !== record.accountId
  const isGiven = userId !== undefined && userId !== record.userId
  return version >= record.key.version && (isMoved || isGiven)
}

function isSameRow(a: PolicyRow, b: PolicyRow): boolean {
  return a.kind === b.kind && a.id === b.id
}

/** The row that the key names now; undefined: it is not at hand. */
function budgetOf(record: KeyRecord, key: PolicyRow, rows: readonly PolicyRow[]) {
  const { budgetId = null } = key
  if (budgetId === null) return null
  if (record.budget?.id === budgetId) return record.budget
  const told = rows.find(({ kind, id }) => kind === 'budget' && id === budgetId)
  // A name that was there before, of a row that is not, is no news.
  return told ?? (record.key.budgetId === budgetId ? null : undefined)
}

/** Past all caches: who calls, as Postgres has it now. Throws as authenticate does. */
export async function refetch(deps: FindKeyDeps, caller: Caller): Promise<Caller> {
  if (caller.kind === 'admin') return caller
  const { hash } = caller
  const record = await refetchKey(deps, hash)
  if (!record) throw unknownKey(caller.record.name, hash)
  return { ...caller, record }
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
