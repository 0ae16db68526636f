import { Hono } from 'hono'
import { ApiProblem } from '../api.ts'
import { changedBody, fieldsOf, readForm, refused, valuesOf } from '../forms.ts'
import type { Filled, Values } from '../parts/form.tsx'
import type { Page, Signed } from '../signed.ts'
import { MEMBER_GROUPS, MemberPage, memberRow } from './member.tsx'
import { memberPath, membersOf, pathOf } from './rows.ts'
import { infoOf, showTeam } from './show.ts'

const FIELDS = fieldsOf(MEMBER_GROUPS)

interface Named {
  readonly teamId: string
  readonly userId: string
}

/** A member of a team: what limits them there. */
export function memberPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/teams/:id/members/:user', (c) => showMember(c, named(c)))
    .post('/teams/:id/members/:user', (c) => changeMember(c, named(c)))
    .post('/teams/:id/members/:user/reset', (c) => reset(c, named(c)))
    .post('/teams/:id/members/:user/remove', (c) => remove(c, named(c)))
}

function named(c: Page): Named {
  return { teamId: c.req.param('id') ?? '', userId: c.req.param('user') ?? '' }
}

interface Refused {
  readonly filled: Filled
  readonly was?: Values
}

async function showMember(c: Page, { teamId, userId }: Named, again?: Refused) {
  const info = await infoOf(c, teamId)
  const member = membersOf(info).find(({ id }) => id === userId)
  if (!member) throw new ApiProblem(404, 'Nobody in this team has this id.', null)
  const { viewer } = c.var
  const values = valuesOf(FIELDS, memberRow(member), viewer.zone)
  const { filled = { values, problem: null }, was = values } = again ?? {}
  const shown = filled.form === 'act' ? { values, problem: filled.problem } : filled
  const page = { viewer, team: info.team_info, member, filled: shown, was }
  return c.html(MemberPage(page), filled.problem ? 400 : 200)
}

async function changeMember(c: Page, { teamId, userId }: Named) {
  const sent = await readForm(c, FIELDS)
  const body = changedBody(FIELDS, sent, c.var.viewer.zone)
  try {
    await c.var.api.post('/team/member_update', { ...body, team_id: teamId, user_id: userId })
  } catch (error) {
    return showMember(c, { teamId, userId }, { filled: refused(sent.values, error), was: sent.was })
  }
  return c.redirect(memberPath(teamId, userId), 303)
}

async function reset(c: Page, { teamId, userId }: Named) {
  const [team, user] = [teamId, userId].map(encodeURIComponent)
  try {
    await c.var.api.post(`/team/${team}/member/${user}/reset_spend`, { reset_to: 0 })
  } catch (error) {
    return showMember(c, { teamId, userId }, { filled: refused({}, error, 'act') })
  }
  return c.redirect(memberPath(teamId, userId), 303)
}

async function remove(c: Page, { teamId, userId }: Named) {
  try {
    await c.var.api.post('/team/member_delete', { team_id: teamId, user_id: userId })
  } catch (error) {
    return showTeam(c, teamId, refused({}, error))
  }
  return c.redirect(pathOf(teamId), 303)
}
