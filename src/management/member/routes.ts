import { Hono } from 'hono'
import { z } from 'zod'
import { isAdmin } from '../../auth/actor.ts'
import { type Acting, asked } from '../../callers.ts'
import { ApiError } from '../../errors.ts'
import { body, type Deps, params, query } from '../../http.ts'
import { requireTeamAdmin, requireTeamAdminReader } from '../access/teams.ts'
import { id } from '../fields.ts'
import { ResetSpend } from '../lower-spend.ts'
import { AddMembers, addToTeam } from './add.ts'
import { BulkAddMembers, bulkAddToTeam } from './bulk-add.ts'
import { DeleteMember, removeMember } from './delete.ts'
import { changePermissions, listPermissions, UpdatePermissions } from './permissions.ts'
import { resetMemberSpend } from './reset-spend.ts'
import { changeMember, UpdateMember } from './update.ts'

const MemberParams = z.object({ team_id: id, user_id: id })
const TeamQuery = z.object({ team_id: id })

/** `/team/member_…`: who is in a team, what limits them there, and what they may do. */
export function memberRoutes(deps: Deps): Hono<Acting> {
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono<Acting>()
    .post('/member_add', body(AddMembers), async (c) => {
      const [request, input] = [asked(deps, c), c.req.valid('json')]
      await requireTeamAdmin(request, input.team_id)
      return c.json(await addToTeam({ ...request, input, ignored }))
    })
    .post('/bulk_member_add', body(BulkAddMembers), async (c) => {
      const [request, input] = [asked(deps, c), c.req.valid('json')]
      await requireTeamAdmin(request, input.team_id)
      return c.json(await bulkAddToTeam({ ...request, input, ignored }))
    })
    .post('/member_update', body(UpdateMember), async (c) => {
      const [request, input] = [asked(deps, c), c.req.valid('json')]
      await requireTeamAdmin(request, input.team_id)
      return c.json(await changeMember({ ...request, input, ignored }))
    })
    .post('/member_delete', body(DeleteMember), async (c) => {
      const [request, input] = [asked(deps, c), c.req.valid('json')]
      await requireTeamAdmin(request, input.team_id)
      return c.json(await removeMember({ ...request, input }))
    })
    .post(
      '/:team_id/member/:user_id/reset_spend',
      params(MemberParams),
      body(ResetSpend),
      async (c) => {
        const { team_id: teamId, user_id: userId } = c.req.valid('param')
        const { reset_to: resetTo } = c.req.valid('json')
        const request = asked(deps, c)
        await requireTeamAdmin(request, teamId)
        if (!isAdmin(request.actor) && request.actor.userId === userId) throw ownSpend()
        return c.json(await resetMemberSpend({ ...request, teamId, userId, resetTo }))
      },
    )
    .get('/permissions_list', query(TeamQuery), async (c) => {
      const { team_id: teamId } = c.req.valid('query')
      await requireTeamAdminReader(asked(deps, c), teamId)
      return c.json(await listPermissions(deps.db, teamId))
    })
    .post('/permissions_update', body(UpdatePermissions), async (c) => {
      const [request, input] = [asked(deps, c), c.req.valid('json')]
      await requireTeamAdmin(request, input.team_id)
      return c.json(await changePermissions({ ...request, input }))
    })
}

function ownSpend(): ApiError {
  const message = 'Cannot reset your own spend. Ask a proxy admin.'
  return new ApiError(403, message, { type: 'auth_error' })
}
