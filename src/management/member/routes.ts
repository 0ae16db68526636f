import { Hono } from 'hono'
import { z } from 'zod'
import { adminOnly, body, type Deps, nowOf, params } from '../../http.ts'
import { id } from '../fields.ts'
import { ResetSpend } from '../spend.ts'
import { AddMembers, addToTeam } from './add.ts'
import { DeleteMember, removeMember } from './delete.ts'
import { resetMemberSpend } from './reset-spend.ts'
import { changeMember, UpdateMember } from './update.ts'

const MemberParams = z.object({ team_id: id, user_id: id })

/** `/team/member_…`: who is in a team, and what limits them there. */
export function memberRoutes(deps: Deps): Hono {
  const admin = adminOnly(deps)
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono()
    .post('/member_add', admin, body(AddMembers), async (c) => {
      const input = c.req.valid('json')
      return c.json(await addToTeam({ ...deps, ...nowOf(deps), input, ignored }))
    })
    .post('/member_update', admin, body(UpdateMember), async (c) => {
      const input = c.req.valid('json')
      return c.json(await changeMember({ ...deps, ...nowOf(deps), input, ignored }))
    })
    .post('/member_delete', admin, body(DeleteMember), async (c) => {
      const input = c.req.valid('json')
      return c.json(await removeMember({ ...deps, ...nowOf(deps), input }))
    })
    .post(
      '/:team_id/member/:user_id/reset_spend',
      admin,
      params(MemberParams),
      body(ResetSpend),
      async (c) => {
        const { team_id: teamId, user_id: userId } = c.req.valid('param')
        const { reset_to: resetTo } = c.req.valid('json')
        const request = { ...deps, ...nowOf(deps), teamId, userId, resetTo }
        return c.json(await resetMemberSpend(request))
      },
    )
}
