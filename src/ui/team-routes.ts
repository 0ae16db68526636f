import { type Context, Hono } from 'hono'
import { bodyOf, refused, valuesOf } from './forms.ts'
import { KEY_FIELDS, KeyMade, NewKey } from './pages/key-new.tsx'
import { NewTeam, TEAM_FIELDS } from './pages/team-new.tsx'
import { type TeamInfo, TeamPage } from './pages/team.tsx'
import { nameOf, type TeamList, Teams } from './pages/teams.tsx'
import { EMPTY, type Filled } from './parts/fields.tsx'
import type { Signed } from './routes.ts'

const PAGE_SIZE = '20'

/** Teams, and keys as they are made in them. */
export function teamPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/teams', async (c) => {
      const { search = '', sort = 'created_at', page } = c.req.query()
      const list = await c.var.api.get<TeamList>('/v2/team/list', {
        team_alias: search,
        sort_by: sort,
        page,
        page_size: PAGE_SIZE,
      })
      const { viewer } = c.var
      return c.html(Teams({ viewer, list, asked: { search, sort }, nowMs: Date.now() }))
    })
    .get('/teams/new', (c) => showNewTeam(c, EMPTY))
    .post('/teams/new', async (c) => {
      const values = await valuesOf(c, TEAM_FIELDS)
      try {
        const made = await c.var.api.post<{ team_id: string }>('/team/new', bodyOf(values))
        return c.redirect(pathOf(made.team_id), 303)
      } catch (error) {
        return showNewTeam(c, refused(values, error))
      }
    })
    .get('/teams/:id', (c) => showTeam(c, c.req.param('id'), EMPTY))
    .post('/teams/:id/block', (c) => change(c, '/team/block'))
    .post('/teams/:id/unblock', (c) => change(c, '/team/unblock'))
    .post('/teams/:id/budget', async (c) => {
      const values = await valuesOf(c, ['max_budget', 'budget_duration'])
      const cleared = { max_budget: null, budget_duration: null }
      return save(c, '/team/update', { values, body: { ...cleared, ...bodyOf(values) } })
    })
    .post('/teams/:id/increase', async (c) => {
      const values = await valuesOf(c, ['temp_budget_increase', 'temp_budget_expiry'])
      return save(c, '/team/update', { values, body: bodyOf(values) })
    })
    .post('/teams/:id/members/add', async (c) => {
      const values = await valuesOf(c, ['user_id', 'max_budget_in_team'])
      const { user_id, ...limits } = bodyOf(values)
      const body = { ...limits, member: { user_id, role: 'user' } }
      return save(c, '/team/member_add', { values, body })
    })
    .post('/teams/:id/members/change', (c) => changeMember(c, c.req.param('id')))
    .post('/teams/:id/delete', (c) => remove(c, c.req.param('id')))
    .get('/teams/:id/keys/new', (c) => showNewKey(c, c.req.param('id'), EMPTY))
    .post('/teams/:id/keys/new', (c) => makeKey(c, c.req.param('id')))
}

type Page = Context<Signed>

const pathOf = (teamId: string) => `/ui/teams/${encodeURIComponent(teamId)}`

const infoOf = ({ var: { api } }: Page, teamId: string) =>
  api.get<TeamInfo>('/team/info', { team_id: teamId })

export async function modelsOf({ var: { api } }: Page): Promise<readonly string[]> {
  const { data } = await api.get<{ data: readonly { id: string }[] }>('/v1/models')
  return data.map(({ id }) => id)
}

async function showNewTeam(c: Page, filled: Filled) {
  const models = await modelsOf(c)
  return c.html(NewTeam({ viewer: c.var.viewer, filled, models }), filled.problem ? 400 : 200)
}

async function showTeam(c: Page, teamId: string, filled: Filled) {
  const info = await infoOf(c, teamId)
  const page = { viewer: c.var.viewer, info, filled, nowMs: Date.now() }
  return c.html(TeamPage(page), filled.problem ? 400 : 200)
}

const change = (c: Page, path: string) => save(c, path, { values: {}, body: {} })

interface Sent {
  /** As the form is shown again if the API refuses it. */
  readonly values: Filled['values']
  readonly body: object
}

/** Changes the team of this page, and shows it. */
async function save(c: Page, path: string, { values, body }: Sent) {
  const teamId = c.req.param('id') ?? ''
  try {
    await c.var.api.post(path, { ...body, team_id: teamId })
  } catch (error) {
    return showTeam(c, teamId, refused(values, error))
  }
  return c.redirect(pathOf(teamId), 303)
}

/** One form with three buttons. */
async function changeMember(c: Page, teamId: string) {
  const values = await valuesOf(c, ['user_id', 'max_budget_in_team', 'what'])
  const { user_id: userId = '', what = '' } = values
  if (what === 'remove') {
    return save(c, '/team/member_delete', { values: {}, body: { user_id: userId } })
  }
  if (what === 'reset') {
    const path = `/team/${encodeURIComponent(teamId)}/member/${encodeURIComponent(userId)}/reset_spend`
    return save(c, path, { values: {}, body: { reset_to: 0 } })
  }
  const { max_budget_in_team = null } = bodyOf(values)
  const body = { user_id: userId, max_budget_in_team }
  return save(c, '/team/member_update', { values: {}, body })
}

async function remove(c: Page, teamId: string) {
  const { confirmation = '' } = await valuesOf(c, ['confirmation'])
  const { team_info: team } = await infoOf(c, teamId)
  if (confirmation !== nameOf(team)) {
    const problem = { field: 'confirmation', message: 'That is not the name of this team.' }
    return showTeam(c, teamId, { values: {}, problem })
  }
  try {
    await c.var.api.post('/team/delete', { team_ids: [teamId] })
  } catch (error) {
    return showTeam(c, teamId, refused({}, error))
  }
  return c.redirect('/ui/teams', 303)
}

async function showNewKey(c: Page, teamId: string, filled: Filled) {
  const { team_info: team } = await infoOf(c, teamId)
  const page = { viewer: c.var.viewer, team: nameOf(team), filled }
  return c.html(NewKey(page), filled.problem ? 400 : 200)
}

async function makeKey(c: Page, teamId: string) {
  const values = await valuesOf(c, KEY_FIELDS)
  const asked = { ...bodyOf(values), team_id: teamId }
  try {
    const { key } = await c.var.api.post<{ key: string }>('/key/generate', asked)
    return showMade(c, key)
  } catch (error) {
    return showNewKey(c, teamId, refused(values, error))
  }
}

export async function showMade(c: Page, apiKey: string) {
  const [model = 'gpt-4o'] = await modelsOf(c)
  const url = new URL(c.req.url).origin
  return c.html(KeyMade({ viewer: c.var.viewer, apiKey, url, model }))
}
