import { and, desc, eq } from 'drizzle-orm'
import { spendLogs } from '../../drizzle/schema.ts'
import type { AccountRef } from './accounts.ts'
import type { Db } from './connect.ts'

/** Who made a response: the deployment, and the name that it was asked for by. */
export interface ResponseMaker {
  readonly modelId: string
  readonly modelGroup: string
}

/** The maker of a response of this account; null as account: of whichever. */
export async function findResponseMaker(
  db: Db,
  responseId: string,
  account: AccountRef | null,
): Promise<ResponseMaker | null> {
  const ofAccount = account && [
    eq(spendLogs.accountId, account.accountId),
    eq(spendLogs.generation, account.generation),
  ]
  const [row] = await db
    .select({ modelId: spendLogs.modelId, modelGroup: spendLogs.modelGroup })
    .from(spendLogs)
    .where(
      and(
        eq(spendLogs.responseId, responseId),
        eq(spendLogs.callType, 'aresponses'),
        ...(ofAccount ?? []),
      ),
    )
    .orderBy(desc(spendLogs.endedAt))
    .limit(1)
  return row?.modelId ? { modelId: row.modelId, modelGroup: row.modelGroup ?? '' } : null
}
