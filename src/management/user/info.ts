import { z } from 'zod'
import { type Actor, maySeeAll } from '../../auth/actor.ts'
import type { AccountRow } from '../../db/accounts.ts'
import type { Db } from '../../db/connect.ts'
import { budgetPolicy, keyPolicy, teamPolicy, userPolicy } from '../../db/policy.ts'
import { keysAndTeams } from '../../db/user/info.ts'
import { getUser, type UserDetails } from '../../db/users.ts'
import { ApiError, badRequest, notFound } from '../../errors.ts'
import { keyRow } from '../key/row.ts'
import { copiedSpend, copiedStanding, type Known, type LiveDeps, standings } from '../live.ts'
import { membershipRow } from '../member/row.ts'
import { teamRow } from '../team/row.ts'
import { usageFields } from '../usage.ts'
import { cleanText } from '../fields.ts'
import { copiedUserRow, userRow } from './row.ts'
import type { Now } from '../../windows.ts'

export const UserQuery = z.object({ user_id: cleanText.optional() })

interface Asking extends LiveDeps, Now {
  readonly actor: Actor
  readonly userId: string | undefined
}

/** `GET /user/info`: a user's own; admins and viewers without an id see everybody's keys and teams. */
export async function userInfo(asking: Asking) {
  const { db, actor } = asking
  const isForAll = asking.userId === undefined && maySeeAll(actor)
  const userId = asking.userId ?? actor.userId
  if (userId !== actor.userId && !maySeeAll(actor)) {
    const whose = `user_id=${userId}, key's user_id=${actor.userId ?? 'None'}`
    throw new ApiError(403, `key not allowed to access this user's info. ${whose}`, {
      type: 'auth_error',
    })
  }
  const details = userId === null ? null : await getUser(db, userId)
  if (!details && !isForAll) throw notFound(`User ${userId ?? 'None'} not found`, 'user_id')
  const belongings = await keysAndTeams(db, isForAll ? null : userId)
  return {
    user_id: userId,
    ...(await rowAndKeys(asking, { details, keys: belongings.keys })),
    teams: belongings.teams.map((team) => teamOf(team, { userId, now: asking })),
  }
}

type Belongings = Awaited<ReturnType<typeof keysAndTeams>>

/** Their own keys are in their ledger; those of teams are shown as Postgres has them. */
async function rowAndKeys(
  asking: Asking,
  { details, keys }: { readonly details: UserDetails | null; readonly keys: Belongings['keys'] },
) {
  const account = details?.account
  const show = ({ key, teamAlias, budget }: Belongings['keys'][number], spent: Spent) => ({
    ...keyRow(key, { ...spent, budget }, asking),
    token: key.token,
    team_alias: teamAlias,
  })
  if (!details || !account) {
    const copied = keys.map((row) => show(row, copiedSpend(keyPolicy(row.key), row.key, asking)))
    return { user_info: details && copiedUserRow(details, asking), keys: copied }
  }
  const policy = userPolicy(details.user)
  const usageOf = await liveUsage(asking, { account, policy, keys })
  const isLive = (row: Belongings['keys'][number]) => row.key.accountId === account.accountId
  return {
    user_info: userRow(details, usageOf(policy), asking),
    keys: keys.map((row) => {
      const own = keyPolicy(row.key)
      return show(row, isLive(row) ? usageOf(own, row) : copiedSpend(own, row.key, asking))
    }),
  }
}

interface Spent {
  readonly spend: number
  readonly held: number
}

interface Owned {
  readonly account: AccountRow
  readonly policy: ReturnType<typeof userPolicy>
  readonly keys: Belongings['keys']
}

async function liveUsage(asking: Asking, { account, policy, keys }: Owned) {
  const own = keys.filter(({ key }) => key.accountId === account.accountId)
  const known: Known[] = [
    [policy, account],
    ...own.map(({ key }): Known => [keyPolicy(key), key]),
    ...own.flatMap(({ budget }): Known[] => (budget ? [[budgetPolicy(budget), null]] : [])),
  ]
  const { nowMs, resets } = asking
  const stands = await standings(asking, account, { known, nowMs, resets })
  return (row: Known[0], key?: Belongings['keys'][number]) => {
    const rows = [row, policy, ...(key?.budget ? [budgetPolicy(key.budget)] : [])]
    return usageFields({ row, rows, standings: stands, nowMs, resets })
  }
}

function teamOf(
  { team, account, members }: Belongings['teams'][number],
  { userId, now }: { readonly userId: string | null; readonly now: Now },
) {
  const theirs = members.filter((member) => member.userId === userId)
  return {
    ...teamRow({ team, members }, copiedSpend(teamPolicy(team), account, now), now),
    team_memberships: theirs.map((member) => {
      const copied = { standings: copiesOf(member, now), nowMs: now.nowMs, resets: now.resets }
      return membershipRow(member, team, copied)
    }),
  }
}

function copiesOf(member: Parameters<typeof membershipRow>[0], now: Now) {
  return (_scope: unknown, budget: Parameters<typeof copiedStanding>[0]) =>
    copiedStanding(budget, member, now)
}

/** `GET /v2/user/info`: the row alone, for the admins of their teams too. Who may not see it, sees none. */
export async function findShownUser({
  db,
  actor,
  userId: named,
}: {
  readonly db: Db
  readonly actor: Actor
  readonly userId: string | undefined
}): Promise<UserDetails> {
  const userId = named ?? actor.userId
  if (userId === null) {
    const either = 'Either pass it as a query parameter or authenticate with a user-bound key.'
    throw badRequest(`user_id is required. ${either}`, 'user_id')
  }
  const maySee = maySeeAll(actor) || userId === actor.userId
  const found = maySee ? await getUser(db, userId) : null
  if (!found) throw notFound(`User not found: ${userId}`, 'user_id')
  return found
}
