import { z } from 'zod'
import { hashesOf } from '../../db/key-secrets.ts'
import { withAccounts } from '../../db/keys.ts'
import { deleteMember } from '../../db/member-changes.ts'
import { findMember } from '../../db/members.ts'
import { keyPolicy, memberPolicy } from '../../db/policy.ts'
import { getTeam } from '../../db/teams.ts'
import { badRequest, notFound } from '../../errors.ts'
import { liveTeamRow } from '../team/row.ts'
import { forgetKeys, type KeyCaches, tellAll, type TellDeps } from '../tell.ts'
import { named, someone } from './fields.ts'
import type { Now } from '../../windows.ts'

/** `POST /team/member_delete`. */
export const DeleteMember = z.object(named).superRefine(someone)

interface RemoveMember extends TellDeps, KeyCaches, Now {
  readonly input: z.infer<typeof DeleteMember>
}

/** Removes a member with their keys of this team, as LiteLLM does. May be repeated. */
export async function removeMember(request: RemoveMember) {
  const { db, input, nowMs } = request
  const { team_id: teamId, user_id: userId = null, user_email: userEmail = null } = input
  const before = await getTeam(db, teamId)
  if (!before) throw notFound(`Team not found, passed team_id=${teamId}`, 'team_id')
  const member = await findMember(db, { teamId, userId, userEmail })
  if (!member)
    throw badRequest('User not found in team', userId === null ? 'user_email' : 'user_id')
  const removed = await deleteMember(db, member)
  const hashes = hashesOf(removed.keys)
  await forgetKeys(request, hashes)
  for (const hash of hashes) request.keyCache.set(hash, null, nowMs)
  const account =
    removed.accounts.find(({ accountId }) => accountId === before.account.accountId) ??
    before.account
  await tellAll(request, [
    ...(removed.member ? [{ account, row: memberPolicy(removed.member) }] : []),
    ...withAccounts(removed.keys, removed.accounts).map(({ key, account: payer }) => ({
      account: payer,
      row: keyPolicy(key),
    })),
  ])
  return liveTeamRow(request, { ...before, account, members: removed.members }, request)
}
