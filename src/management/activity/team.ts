import { z } from 'zod'
import { maySeeAll } from '../../auth/actor.ts'
import { type Asking, requireTeamReader } from '../access/teams.ts'
import type { DailyFilter, Whose } from '../../db/history/daily.ts'
import { checkWholeSpan, day, wanted, numberUpTo, page } from '../spend/fields.ts'
import { keyShown, ownOf, seenTeams } from '../spend/visible.ts'
import { activityInOnePiece, activityPage } from './page.ts'

const IDS_MAX = 1_000

const ids = z
  .string()
  .transform((text) => text.split(',').filter((id) => id !== ''))
  .refine((list) => list.length <= IDS_MAX, { error: `expected at most ${IDS_MAX} ids` })
  .refine((list) => !list.some((id) => /[\p{Cc}\p{Cs}]/u.test(id)), {
    error: 'expected no control characters',
  })
  .optional()
  .meta({ type: 'string', description: 'ids, with commas between them' })

/** `GET /team/daily/activity`. */
export const TeamActivityQuery = z
  .object({
    team_ids: ids,
    exclude_team_ids: ids,
    start_date: day.optional(),
    end_date: day.optional(),
    model: wanted,
    api_key: wanted,
    page,
    page_size: numberUpTo(1_000, 10),
  })
  .superRefine(checkWholeSpan)

interface Asked extends Asking {
  readonly input: z.infer<typeof TeamActivityQuery>
}

/** What teams did by day. Members who are no admins of theirs are shown what is their own. */
export async function teamActivity(request: Asked) {
  const { page: number, page_size: pageSize } = request.input
  const filter = await filterOf(request)
  return activityPage(request.db, { filter, entities: 'team', page: number, pageSize })
}

/** The same in one piece, summed by the database. */
export async function aggregatedTeamActivity(request: Asked) {
  return activityInOnePiece(request.db, await filterOf(request), 'team')
}

async function filterOf(request: Asked): Promise<DailyFilter> {
  const { input } = request
  const { team_ids: teamIds = [], exclude_team_ids: excluded = [] } = input
  return {
    from: input.start_date ?? '',
    to: input.end_date ?? '',
    anyOf: await teamsShown(request, teamIds),
    teamsOnly: true,
    exceptAccountIds: excluded.length > 0 ? excluded.map(accountOf) : undefined,
    model: input.model,
    keyHash:
      input.api_key === undefined ? undefined : (await keyShown(request, input.api_key)).token,
  }
}

/** Undefined: all teams. */
async function teamsShown(
  asking: Asking,
  teamIds: readonly string[],
): Promise<Whose[] | undefined> {
  const { actor } = asking
  if (maySeeAll(actor)) {
    return teamIds.length > 0 ? [{ accountIds: teamIds.map(accountOf) }] : undefined
  }
  const seen = await seenTeams(asking)
  const unseen = teamIds.find((id) => !seen.whole.includes(id) && !seen.own.includes(id))
  if (unseen !== undefined) await requireTeamReader(asking, unseen)
  const isAsked = (id: string) => teamIds.length === 0 || teamIds.includes(id)
  return [
    { accountIds: seen.whole.filter(isAsked).map(accountOf) },
    { accountIds: seen.own.filter(isAsked).map(accountOf), ...ownOf(actor) },
  ].filter(({ accountIds }) => accountIds.length > 0)
}

function accountOf(teamId: string): string {
  return `team:${teamId}`
}
