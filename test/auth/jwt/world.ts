import { env } from 'cloudflare:workers'
import { asc, eq } from 'drizzle-orm'
import { spendLogs } from '../../../drizzle/schema.ts'
import { db } from '../../setup/database.ts'
import { configText, type Isolate, newIsolate } from '../../setup/isolate.ts'
import { get } from '../../setup/worker.ts'
import { Internet, JWKS_URL, newSigner, sign, type Signer } from './idp.ts'

/** A Worker that knows tokens, and who signs these. */
export interface World extends Isolate {
  readonly token: (claims?: Record<string, unknown>) => Promise<string>
  readonly internet: Internet
  /** Another isolate of the same Worker. */
  readonly newIsolate: () => Isolate
}

let signer: Promise<Signer> | undefined

/** With these fields of `litellm_jwtauth`, and of `litellm_settings`. */
export async function newWorld(fields: object, settings: object = {}): Promise<World> {
  signer ??= newSigner('one')
  const known = await signer
  const internet = new Internet().publish(known).connect()
  const text = configText({
    'general_settings:': `general_settings:\n  litellm_jwtauth: ${JSON.stringify(fields)}`,
    'litellm_settings:': ['litellm_settings:', ...lines(settings)].join('\n'),
  })
  const variables = { JWT_PUBLIC_KEY_URL: JWKS_URL, JWT_AUDIENCE: 'tollgate' }
  return {
    ...newIsolate(text, variables),
    token: (claims = {}) => sign(known, { aud: 'tollgate', ...claims }),
    internet,
    newIsolate: () => newIsolate(text, variables),
  }
}

function lines(settings: object): string[] {
  return Object.entries(settings).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`)
}

/** An id of the test's own. */
export const unique = (name: string): string => `${name}-${crypto.randomUUID()}`

export interface TeamInfo {
  readonly team_info: Readonly<Record<string, unknown>> & {
    readonly members_with_roles: readonly Readonly<Record<string, unknown>>[]
  }
  readonly team_memberships: readonly { readonly user_id: string; readonly spend: number }[]
}

export const teamInfo = (teamId: string): Promise<TeamInfo> => get(`/team/info?team_id=${teamId}`)

/** What is written about the calls of an account, once it is. */
export async function logsOf(accountId: string, generation = 1) {
  await env.LEDGER.getByName(`${accountId}:${generation}`).flush()
  return db
    .select()
    .from(spendLogs)
    .where(eq(spendLogs.accountId, accountId))
    .orderBy(asc(spendLogs.entryId))
}
