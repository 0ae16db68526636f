import { z } from 'zod'
import { type Actor, maySeeAll } from '../../auth/actor.ts'
import { keyPolicy, teamPolicy } from '../../db/policy.ts'
import {
  listTeams,
  pageTeams,
  TEAM_ORDERS,
  type TeamFilter,
  type TeamOrder,
} from '../../db/team-lists.ts'
import { ApiError } from '../../errors.ts'
import { cleanText } from '../fields.ts'
import { keyRow } from '../key/row.ts'
import { copiedSpend, type LiveDeps, spendFields, standings } from '../live.ts'
import { mainBudget } from '../usage.ts'
import { teamRow } from './row.ts'
import type { Now } from '../../windows.ts'

const PAGE_MAX = 1_000_000
const PAGE_SIZE_MAX = 100

/** `GET /team/list`. */
export const ListTeams = z.object({
  user_id: cleanText.optional(),
  organization_id: cleanText.optional(),
})

/** A whole number, written as text. */
const number = (most: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, { error: 'expected an integer' })
    .transform(Number)
    .refine((value) => value >= 1 && value <= most, { error: `expected 1 to ${most}` })

/** `GET /v2/team/list`. */
export const PageTeams = ListTeams.extend({
  team_id: cleanText.optional(),
  team_alias: cleanText.optional(),
  page: number(PAGE_MAX).default(1),
  page_size: number(PAGE_SIZE_MAX).default(10),
  sort_by: cleanText
    .refine((name): name is TeamOrder => (TEAM_ORDERS as readonly string[]).includes(name), {
      error: `expected one of ${TEAM_ORDERS.join(', ')}`,
    })
    .default('created_at'),
  sort_order: z
    .string()
    .transform((text) => text.toLowerCase())
    .refine((text) => text === 'asc' || text === 'desc', { error: 'expected "asc" or "desc"' })
    .optional(),
  /** Whether the ledgers of teams that spent lately are asked; else what is spent lags by seconds. */
  live: z.stringbool({ error: 'expected "true" or "false"' }).default(false),
})

interface Listing extends LiveDeps, Now {
  readonly actor: Actor
}

/** All teams, or those that the caller is in, with their keys. */
export async function showTeams(request: Listing, asked: z.infer<typeof ListTeams>) {
  const { db, ...now } = request
  const rows = await listTeams(db, filterOf(request, asked))
  return rows.map(({ team, account, members, keys }) => ({
    ...teamRow({ team, members }, copiedSpend(teamPolicy(team), account, now), now),
    team_memberships: [],
    keys: keys.map((key) => ({
      ...keyRow(key, copiedSpend(keyPolicy(key), key, now), now),
      token: key.token,
    })),
  }))
}

/** A page of them. Newest first unless it says otherwise; another order begins with the least. */
export async function showTeamPage(request: Listing, asked: z.infer<typeof PageTeams>) {
  const { db } = request
  const { page, page_size: limit, sort_by: orderBy, sort_order: order } = asked
  const filter = {
    ...filterOf(request, asked),
    teamId: asked.team_id,
    teamAlias: asked.team_alias,
  }
  const isDescending = (order ?? (orderBy === 'created_at' ? 'desc' : 'asc')) === 'desc'
  const offset = (page - 1) * limit
  const { total, rows } = await pageTeams(db, filter, { orderBy, isDescending, limit, offset })
  const spent = asked.live ? await Promise.all(rows.map((row) => liveSpend(request, row))) : null
  return {
    teams: rows.map(({ team, account, members }, i) =>
      teamRow(
        { team, members },
        spent?.[i] ?? copiedSpend(teamPolicy(team), account, request),
        request,
      ),
    ),
    total,
    page,
    page_size: limit,
    total_pages: Math.ceil(total / limit),
  }
}

/** Ledgers that nobody calls are let asleep. */
const LATELY_MS = 3_600_000

type Listed = Awaited<ReturnType<typeof pageTeams>>['rows'][number]

async function liveSpend(request: Listing, { team, account }: Listed) {
  const { nowMs, resets } = request
  const row = teamPolicy(team)
  const latestMs = Math.max(account.spendSeq, team.createdAt.getTime())
  if (latestMs < nowMs - LATELY_MS) return copiedSpend(row, account, request)
  const stands = await standings(request, account, { known: [[row, account]], nowMs, resets })
  return spendFields(stands('account', mainBudget(row, [row], nowMs)))
}

/** Who may not see all teams asks for their own only. */
function filterOf({ actor }: Listing, asked: z.infer<typeof ListTeams>): TeamFilter {
  const filter = { userId: asked.user_id, organizationId: asked.organization_id }
  if (maySeeAll(actor)) return { ...filter, viewer: null }
  if (asked.user_id !== undefined && asked.user_id !== actor.userId) {
    const role = actor.role ?? 'unknown'
    const message = `Only admin users can query all teams/other teams. Your user role=${role}`
    throw new ApiError(403, message, { type: 'auth_error', param: 'user_id' })
  }
  return { ...filter, viewer: actor }
}
