import { Hono } from 'hono'
import { ApiProblem } from '../api.ts'
import { INCREASE } from '../fields.ts'
import {
  changedBody,
  fieldsOf,
  newBody,
  readField,
  readForm,
  refused,
  said,
  valuesOf,
} from '../forms.ts'
import { modelsOf } from '../models.ts'
import { EMPTY, type Filled, type Values } from '../parts/form.tsx'
import type { Page, Signed } from '../signed.ts'
import { managerGroups, NewTeam, teamGroups, TeamSettings } from './form.tsx'
import { SORTS, Teams } from './list.tsx'
import { memberPages } from './member-routes.ts'
import { NEW_MEMBER } from './members.tsx'
import { isManager, nameOf, pathOf, type TeamList } from './rows.ts'
import { infoOf, showTeam } from './show.ts'

const PAGE_SIZE = '20'
const NO_INCREASE = { temp_budget_increase: null, temp_budget_expiry: null }

/** Teams, their settings and who is in them. */
export function teamPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/teams', (c) => showTeams(c))
    .get('/teams/new', (c) => showNewTeam(c, EMPTY))
    .post('/teams/new', (c) => makeTeam(c))
    .get('/teams/:id', (c) => showTeam(c, c.req.param('id'), EMPTY))
    .get('/teams/:id/settings', (c) => showSettings(c, c.req.param('id')))
    .post('/teams/:id/settings', (c) => changeTeam(c, c.req.param('id')))
    .post('/teams/:id/block', (c) => send(c, c.req.param('id'), ['/team/block']))
    .post('/teams/:id/unblock', (c) => send(c, c.req.param('id'), ['/team/unblock']))
    .post('/teams/:id/increase', (c) => increase(c, c.req.param('id')))
    .post('/teams/:id/increase/end', (c) =>
      send(c, c.req.param('id'), ['/team/update', NO_INCREASE]),
    )
    .post('/teams/:id/members', (c) => addMember(c, c.req.param('id')))
    .post('/teams/:id/delete', (c) => remove(c, c.req.param('id')))
    .route('/', memberPages())
}

async function showTeams(c: Page) {
  const { search = '', sort = 'created_at', page } = c.req.query()
  const list = await c.var.api.get<TeamList>('/v2/team/list', {
    team_alias: search,
    sort_by: sort,
    sort_order: SORTS.find(([name]) => name === sort)?.[2],
    page,
    page_size: PAGE_SIZE,
    live: 'true',
  })
  return c.html(Teams({ viewer: c.var.viewer, list, asked: { search, sort } }))
}

async function showNewTeam(c: Page, filled: Filled) {
  const groups = teamGroups(await modelsOf(c.var.api))
  return c.html(NewTeam({ viewer: c.var.viewer, filled, groups }), filled.problem ? 400 : 200)
}

async function makeTeam(c: Page) {
  const { api, viewer } = c.var
  const fields = fieldsOf(teamGroups([]))
  const { values } = await readForm(c, fields)
  try {
    const body = newBody(fields, values, viewer.zone)
    const made = await api.post<{ team_id: string }>('/team/new', body)
    return c.redirect(pathOf(made.team_id), 303)
  } catch (error) {
    return showNewTeam(c, refused(values, error))
  }
}

interface Refused {
  readonly filled: Filled
  readonly was?: Values
}

async function showSettings(c: Page, teamId: string, again?: Refused) {
  const { api, viewer } = c.var
  const info = await infoOf(c, teamId)
  if (!isManager(info, viewer)) throw new ApiProblem(403, 'Only admins change a team.', null)
  const models = await modelsOf(api)
  const groups = viewer.isAdmin ? teamGroups(models) : managerGroups(models)
  const values = valuesOf(fieldsOf(groups), info.team_info, viewer.zone)
  const { filled = { values, problem: null }, was = values } = again ?? {}
  const team = info.team_info
  return c.html(TeamSettings({ viewer, team, filled, groups, was }), filled.problem ? 400 : 200)
}

async function changeTeam(c: Page, teamId: string) {
  const { api, viewer } = c.var
  const fields = fieldsOf(viewer.isAdmin ? teamGroups([]) : managerGroups([]))
  const sent = await readForm(c, fields)
  try {
    await api.post('/team/update', { ...changedBody(fields, sent, viewer.zone), team_id: teamId })
  } catch (error) {
    return showSettings(c, teamId, { filled: refused(sent.values, error), was: sent.was })
  }
  return c.redirect(pathOf(teamId), 303)
}

type Change = readonly [path: string, body?: object]

/** Changes the team, and shows it. */
async function send(c: Page, teamId: string, [path, body = {}]: Change) {
  try {
    await c.var.api.post(path, { ...body, team_id: teamId })
  } catch (error) {
    return showTeam(c, teamId, refused({}, error))
  }
  return c.redirect(pathOf(teamId), 303)
}

async function increase(c: Page, teamId: string) {
  const { api, viewer } = c.var
  const { values } = await readForm(c, INCREASE)
  try {
    const body = newBody(INCREASE, values, viewer.zone)
    await api.post('/team/update', { ...body, team_id: teamId })
  } catch (error) {
    return showTeam(c, teamId, refused(values, error, 'increase'))
  }
  return c.redirect(pathOf(teamId), 303)
}

async function addMember(c: Page, teamId: string) {
  const { api, viewer } = c.var
  const { values } = await readForm(c, NEW_MEMBER)
  const { user_id: who = '', role, ...limits } = newBody(NEW_MEMBER, values, viewer.zone)
  const member = String(who).includes('@') ? { user_email: who, role } : { user_id: who, role }
  try {
    await api.post('/team/member_add', { ...limits, member, team_id: teamId })
  } catch (error) {
    return showTeam(c, teamId, atMember(refused(values, error, 'member')))
  }
  return c.redirect(pathOf(teamId), 303)
}

/** What is wrong with the member is wrong with who they are. */
function atMember(filled: Filled): Filled {
  const { problem } = filled
  if (problem?.field !== 'member' && problem?.field !== 'user_email') return filled
  return { ...filled, problem: { ...problem, field: 'user_id' } }
}

async function remove(c: Page, teamId: string) {
  const { team_info: team } = await infoOf(c, teamId)
  const again = async (message: string) => {
    const problem = { field: 'confirmation', message }
    return showSettings(c, teamId, { filled: { form: 'delete', values: {}, problem } })
  }
  if ((await readField(c, 'confirmation')) !== nameOf(team)) {
    return again('That is not the name of this team.')
  }
  try {
    await c.var.api.post('/team/delete', { team_ids: [teamId] })
  } catch (error) {
    return again(said(error))
  }
  return c.redirect('/ui/teams', 303)
}
