import { z } from 'zod'
import type { Asking } from '../access/teams.ts'
import { checkWholeSpan, day, wanted, numberUpTo, page } from '../spend/fields.ts'
import { visible } from '../spend/visible.ts'
import { activityInOnePiece, activityPage } from './page.ts'

/** `GET /user/daily/activity` and `/user/daily/activity/aggregated`. */
export const UserActivityQuery = z
  .object({
    user_id: wanted,
    start_date: day.optional(),
    end_date: day.optional(),
    model: wanted,
    api_key: wanted,
    page,
    page_size: numberUpTo(1_000, 50),
  })
  .superRefine(checkWholeSpan)

interface Asked extends Asking {
  readonly input: z.infer<typeof UserActivityQuery>
}

/** What a user did by day, in teams and without one. */
export async function userActivity(request: Asked) {
  const { page: number, page_size: pageSize } = request.input
  const filter = await filterOf(request)
  return activityPage(request.db, { filter, entities: 'user', page: number, pageSize })
}

/** The same in one piece, summed by the database. */
export async function aggregatedActivity(request: Asked) {
  return activityInOnePiece(request.db, await filterOf(request), 'user')
}

async function filterOf(request: Asked) {
  const { input } = request
  const { api_key: apiKey, user_id: userId } = input
  const { teamId, ...whose } = await visible(request, { apiKey, userId })
  const accountIds = teamId === undefined ? undefined : [`team:${teamId}`]
  return {
    from: input.start_date ?? '',
    to: input.end_date ?? '',
    anyOf: [{ ...whose, accountIds }],
    model: input.model,
  }
}
