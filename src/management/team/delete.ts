import { z } from 'zod'
import { hashesOf } from '../../db/key-secrets.ts'
import { keyPolicy, teamPolicy } from '../../db/policy.ts'
import { withAccounts } from '../../db/keys.ts'
import { deleteTeams } from '../../db/teams.ts'
import { notFound } from '../../errors.ts'
import { id } from '../fields.ts'
import { forgetKeys, type KeyCaches, tellAll, type TellDeps } from '../tell.ts'

const TEAMS_MAX = 100
/** Calls in flight get this long to settle before the answer says how many were left. */
const DRAIN_MS = 3_000
const DRAIN_POLL_MS = 100

export const DeleteTeams = z.object({
  team_ids: z
    .array(id)
    .min(1)
    .max(TEAMS_MAX, { error: `expected at most ${TEAMS_MAX} items` }),
})

interface RemoveTeams extends TellDeps, KeyCaches {
  readonly input: z.infer<typeof DeleteTeams>
  readonly nowMs: number
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Deletes teams with their keys and memberships, tells their ledgers, and lets these drain: what
 * is in flight settles where it was held, and reaches Postgres. May be repeated.
 */
export async function removeTeams(request: RemoveTeams) {
  const { db, ledgerOf, input, nowMs } = request
  const removed = await deleteTeams(db, input.team_ids)
  const missing = input.team_ids.find((wanted) =>
    removed.teams.every(({ teamId }) => teamId !== wanted),
  )
  if (missing !== undefined) throw notFound(`Team not found, passed team_id=${missing}`, 'team_ids')
  const hashes = hashesOf(removed.keys)
  await forgetKeys(request, hashes)
  for (const hash of hashes) request.keyCache.set(hash, null, nowMs)

  const teams = removed.teams.flatMap((team) => {
    const account = removed.accounts.find(({ accountId }) => accountId === `team:${team.teamId}`)
    return account ? [{ account, row: teamPolicy(team) }] : []
  })
  const keys = withAccounts(removed.keys, removed.accounts)
  await tellAll(request, [
    ...teams,
    ...keys.map(({ key, account }) => ({ account, row: keyPolicy(key) })),
  ])
  const opened = teams.filter(({ account }) => account.ledgerEpoch > 0)
  const left = await Promise.all(opened.map(({ account }) => drain(request, ledgerOf(account))))
  return {
    deleted_teams: removed.teams.map(({ teamId }) => teamId),
    pending: left.reduce((sum, held) => sum + held, 0),
  }
}

/** How many calls were still in flight when the time was up. */
async function drain(
  { sleep }: RemoveTeams,
  ledger: ReturnType<TellDeps['ledgerOf']>,
): Promise<number> {
  for (let waitedMs = 0; ; waitedMs += DRAIN_POLL_MS) {
    const { holds, undelivered } = await ledger.flush()
    if (holds + undelivered === 0 || waitedMs >= DRAIN_MS) return holds
    await sleep(DRAIN_POLL_MS)
  }
}
