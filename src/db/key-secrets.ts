import { type SQL, sql } from 'drizzle-orm'
import { keySecrets } from '../../drizzle/schema.ts'
import type { Db } from './connect.ts'
import type { KeyRow } from './keys.ts'

/** One way to call a key by. */
export type KeySecret = NonNullable<KeyRow['secrets']>[number]

type Known = Pick<KeyRow, 'token' | 'secrets'>

/** What a key is called by now, as hash: its token, until it is regenerated. */
export function newestHash({ token, secrets }: Known): string {
  return secrets?.at(-1)?.hash ?? token
}

/** Every hash that caches may know these keys by. */
export function hashesOf(keys: readonly Known[]): string[] {
  const hashes = keys.flatMap(({ token, secrets }) => [
    token,
    ...(secrets ?? []).map(({ hash }) => hash),
  ])
  return [...new Set(hashes)]
}

/** Of a regenerated key the hash of a secret is not its token; of what is unknown it would be. */
export function tokenOf(hash: string): SQL {
  return sql`coalesce((select ${keySecrets.token} from ${keySecrets}
    where ${keySecrets.hash} = ${hash}), ${hash})`
}

/** The same for many. */
export function tokensOf(hashes: readonly string[]): SQL {
  return sql`(select coalesce(${keySecrets.token}, sent.hash)
    from jsonb_array_elements_text(${JSON.stringify(hashes)}::jsonb) as sent(hash)
    left join ${keySecrets} on ${keySecrets.hash} = sent.hash)`
}

/** The token of whatever a key is or was called by, as spend and logs have it. */
export async function findToken(db: Db, hash: string): Promise<string> {
  const { rows } = await db.execute<{ token: string }>(sql`select ${tokenOf(hash)} as token`)
  return rows[0]?.token ?? hash
}
