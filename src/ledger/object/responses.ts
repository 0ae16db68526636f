import { decode } from '../../json.ts'
import type { EntryDetail, FoundResponse } from '../types.ts'

/** A ledger that Postgres is far behind may have a million; the newest are asked for. */
const ENTRIES_MAX = 10_000

/** The call that a response came from, while its entry is still here. */
export function findResponse(sql: SqlStorage, responseId: string): FoundResponse | null {
  // Quotes in a value are escaped, so that only the member itself can read like this.
  const member = `"responseId":${JSON.stringify(responseId)}`
  const query = `SELECT detail FROM (SELECT detail FROM entry ORDER BY id DESC LIMIT ${ENTRIES_MAX})
    WHERE instr(detail, ?) > 0`
  for (const { detail: text } of sql.exec<{ detail: string }>(query, member)) {
    const { callType, modelId, modelGroup } = decode<EntryDetail>(text)
    if (callType !== 'aresponses' || typeof modelId !== 'string') continue
    return { modelId, modelGroup: typeof modelGroup === 'string' ? modelGroup : '' }
  }
  return null
}
