import { z } from 'zod'
import type { Db } from '../../db/connect.ts'
import { type Cursor, searchLogs } from '../../db/history/logs.ts'
import { badRequest } from '../../errors.ts'
import type { Asking } from '../access/teams.ts'
import { checkSpan, day, daysOf, wanted, numberUpTo, spanMs, yes } from './fields.ts'
import { spendLogRow } from './row.ts'
import { summaries } from './summaries.ts'
import { visible, type Whose } from './visible.ts'

const ROWS_MAX = 1_000
const NEWEST = 100
/** Of calls that no index finds, this many are looked through at a time. */
export const LOOKED_MAX = 20_000

/** `GET /spend/logs`. */
export const LogsQuery = z
  .object({
    request_id: wanted,
    api_key: wanted,
    user_id: wanted,
    team_id: wanted,
    end_user: wanted,
    start_date: day.optional(),
    end_date: day.optional(),
    summarize: yes,
    limit: numberUpTo(ROWS_MAX, 0),
    cursor: wanted,
  })
  .superRefine(checkSpan)

interface Asked extends Asking {
  readonly input: z.infer<typeof LogsQuery>
  readonly nowMs: number
}

/** Rows of calls, or sums by day where two days and no request are named. */
export async function spendLogs(request: Asked) {
  const { db, input } = request
  const { api_key: apiKey, user_id: userId, team_id: teamId } = input
  const whose = await visible(request, { apiKey, userId, teamId })
  const hasDays = input.start_date !== undefined && input.end_date !== undefined
  if (!hasDays || !input.summarize || input.request_id !== undefined) {
    return listLogs(db, input, whose)
  }
  if (input.end_user !== undefined) {
    throw badRequest('end_user has no sums by day: send summarize=false', 'end_user')
  }
  const answer = await summaries(db, { ...daysOf(input, request.nowMs), whose })
  return { answer, next: null }
}

async function listLogs(db: Db, input: Asked['input'], whose: Whose) {
  const { request_id: requestId, end_user: endUser, cursor } = input
  const isNamed = [input.api_key, input.user_id, input.team_id, endUser, input.start_date].some(
    (value) => value !== undefined,
  )
  const limit = input.limit || (isNamed ? ROWS_MAX : NEWEST)
  const after = cursor === undefined ? undefined : readCursor(cursor)
  const found = await searchLogs(
    db,
    { ...whose, ...spanMs(input), requestId, endUser, after },
    { limit, offset: 0, lookedMax: endUser === undefined ? limit : LOOKED_MAX },
  )
  const last = found.total > limit ? (found.rows.at(-1) ?? null) : found.cut
  return { answer: found.rows.map(spendLogRow), next: last && cursorText(last) }
}

function cursorText({ endedMs, entryId }: Cursor): string {
  return `${endedMs}_${entryId}`
}

function readCursor(text: string): Cursor {
  const [, ms = '', entryId = ''] = /^(\d{1,13})_(.+)$/s.exec(text) ?? []
  if (entryId === '') throw badRequest('cursor: expected one of x-tollgate-next-cursor', 'cursor')
  return { endedMs: Number(ms), entryId }
}
