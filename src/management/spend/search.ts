import { z } from 'zod'
import { searchLogs } from '../../db/history/logs.ts'
import { badRequest } from '../../errors.ts'
import { parsePico } from '../../money.ts'
import type { Asking } from '../access/teams.ts'
import { money } from '../fields.ts'
import { checkWholeSpan, wanted, instant, numberUpTo, page, spanMs } from './fields.ts'
import { LOOKED_MAX } from './logs.ts'
import { spendLogRow } from './row.ts'
import { visible } from './visible.ts'

const status = z.enum(['success', 'failure', '']).optional()

/** `GET /spend/logs/v2` and `/spend/logs/ui`. */
export const SearchQuery = z
  .object({
    start_date: instant.optional(),
    end_date: instant.optional(),
    api_key: wanted,
    user_id: wanted,
    team_id: wanted,
    request_id: wanted,
    end_user: wanted,
    model: wanted,
    status,
    status_filter: status,
    min_spend: money,
    max_spend: money,
    page,
    page_size: numberUpTo(100, 50),
  })
  .superRefine(checkWholeSpan)

interface Asked extends Asking {
  readonly input: z.infer<typeof SearchQuery>
}

/** A page of calls, the latest first. */
export async function pageOfLogs(request: Asked) {
  const { db, input } = request
  const { api_key: apiKey, user_id: userId, team_id: teamId, page: number } = input
  const whose = await visible(request, { apiKey, userId, teamId })
  const limit = input.page_size
  const offset = (number - 1) * limit
  const found = await searchLogs(
    db,
    { ...whose, ...spanMs(input), ...conditions(input) },
    { limit, offset: Math.min(offset, LOOKED_MAX), lookedMax: LOOKED_MAX },
  )
  // Whoever reads all pages would take what was looked at for everything.
  if (found.cut && offset >= found.total) {
    throw badRequest(
      `page lies beyond the newest ${LOOKED_MAX} calls of this time: choose a later end_date`,
      'page',
    )
  }
  return {
    data: found.rows.map(spendLogRow),
    total: found.cut ? found.total + 1 : found.total,
    page: number,
    page_size: limit,
    total_pages: Math.ceil(found.total / limit) + (found.cut ? 1 : 0),
  }
}

function conditions(input: Asked['input']) {
  const { min_spend: min, max_spend: max } = input
  return {
    requestId: input.request_id,
    endUser: input.end_user,
    model: input.model,
    status: input.status || input.status_filter || undefined,
    minPico: typeof min === 'number' ? parsePico(min) : undefined,
    maxPico: typeof max === 'number' ? parsePico(max) : undefined,
  }
}
