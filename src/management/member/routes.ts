import { Hono } from 'hono'
import { z } from 'zod'
import { type Acting, adminOnly, asked } from '../../callers.ts'
import { body, type Deps, params } from '../../http.ts'
import { id } from '../fields.ts'
import { ResetSpend } from '../lower-spend.ts'
import { AddMembers, addToTeam } from './add.ts'
import { DeleteMember, removeMember } from './delete.ts'
import { resetMemberSpend } from './reset-spend.ts'
import { changeMember, UpdateMember } from './update.ts'

const MemberParams = z.object({ team_id: id, user_id: id })

/** `/team/member_…`: who is in a team, and what limits them there. */
export function memberRoutes(deps: Deps): Hono<Acting> {
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono<Acting>()
    .post('/member_add', adminOnly, body(AddMembers), async (c) => {
      const input = c.req.valid('json')
      return c.json(await addToTeam({ ...asked(deps, c), input, ignored }))
    })
    .post('/member_update', adminOnly, body(UpdateMember), async (c) => {
      const input = c.req.valid('json')
      return c.json(await changeMember({ ...asked(deps, c), input, ignored }))
    })
    .post('/member_delete', adminOnly, body(DeleteMember), async (c) => {
      const input = c.req.valid('json')
      return c.json(await removeMember({ ...asked(deps, c), input }))
    })
    .post(
      '/:team_id/member/:user_id/reset_spend',
      adminOnly,
      params(MemberParams),
      body(ResetSpend),
      async (c) => {
        const { team_id: teamId, user_id: userId } = c.req.valid('param')
        const { reset_to: resetTo } = c.req.valid('json')
        const request = { ...asked(deps, c), teamId, userId, resetTo }
        return c.json(await resetMemberSpend(request))
      },
    )
}
