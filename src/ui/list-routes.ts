import { type Context, Hono } from 'hono'
import { ApiProblem } from './api.ts'
import { refused } from './forms.ts'
import {
  Audit,
  type AuditRow,
  type BudgetRow,
  Budgets,
  type ModelRow,
  Models,
  type UserRow,
  Users,
} from './pages/lists.tsx'
import { LOG_FILTERS, LogDetail, type LogPage, type LogRow, Logs } from './pages/logs.tsx'
import { Overview } from './pages/overview.tsx'
import type { Team, TeamList } from './pages/teams.tsx'
import type { Signed } from './routes.ts'

const DAY_MS = 86_400_000
const DAYS = 30
const TOP = 5
const NEAR = 0.8

/** What is only looked at: the overview, logs, models, users, budgets, the audit log. */
export function listPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/', async (c) => {
      if (!c.var.viewer.isAdmin) return c.redirect('/ui/teams', 303)
      return showOverview(c)
    })
    .get('/logs', (c) => showLogs(c))
    .get('/logs/:id', async (c) => {
      const request_id = c.req.param('id')
      const [row] = await c.var.api.get<readonly LogRow[]>('/spend/logs', { request_id })
      if (!row) throw new ApiProblem(404, 'There is no such call, or it is not yours to see.', null)
      return c.html(LogDetail({ viewer: c.var.viewer, row }))
    })
    .get('/models', async (c) => {
      const { data: rows } = await c.var.api.get<{ data: readonly ModelRow[] }>('/model/info')
      return c.html(Models({ viewer: c.var.viewer, rows }))
    })
    .get('/users', async (c) => {
      const page = c.req.query('page')
      const list = await c.var.api.get<Paged & { users: readonly UserRow[] }>('/user/list', {
        page,
      })
      return c.html(Users({ ...about(c, list), rows: list.users }))
    })
    .get('/budgets', async (c) => {
      const rows = await c.var.api.get<readonly BudgetRow[]>('/budget/list')
      return c.html(Budgets({ viewer: c.var.viewer, rows }))
    })
    .get('/audit', async (c) => {
      const asked = { page: c.req.query('page'), page_size: '50' }
      const list = await c.var.api.get<Paged & { audit_logs: readonly AuditRow[] }>(
        '/audit/logs',
        asked,
      )
      return c.html(Audit({ ...about(c, list), rows: list.audit_logs }))
    })
}

type Page = Context<Signed>

interface Paged {
  readonly page: number
  readonly total_pages: number
}

const about = (c: Page, { page, total_pages: pages }: Paged) => {
  return { viewer: c.var.viewer, page, pages, nowMs: Date.now() }
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

async function showOverview(c: Page) {
  const { api, viewer } = c.var
  const nowMs = Date.now()
  const days = Array.from({ length: DAYS }, (_, i) => dayOf(nowMs - (DAYS - 1 - i) * DAY_MS))
  const span = { start_date: days[0], end_date: days.at(-1) }
  const [byDay, activity, teams, models, list] = await Promise.all([
    api.get<readonly { date: string; spend: number }[]>('/global/spend/logs', span),
    api.get<{ sum_api_requests: number }>('/global/activity', span),
    api.get<{ total_spend_per_team: readonly { team_id: string; total_spend: number }[] }>(
      '/global/spend/teams',
      span,
    ),
    api.get<readonly { model: string; total_spend: number }[]>('/global/spend/models', span),
    api.get<TeamList>('/v2/team/list', { page_size: '100' }),
  ])
  const spends = new Map(byDay.map(({ date, spend }) => [date, spend]))
  const shown = days.map((date) => ({ date, spend: spends.get(date) ?? 0 }))
  return c.html(
    Overview({
      viewer,
      today: shown.at(-1)?.spend ?? 0,
      month: shown.reduce((sum, { spend }) => sum + spend, 0),
      requests: activity.sum_api_requests,
      days: shown,
      teams: teams.total_spend_per_team
        .slice(0, TOP)
        .map((row) => ({ name: row.team_id, spend: row.total_spend })),
      models: models
        .slice(0, TOP)
        .map((row) => ({ name: row.model || 'unknown', spend: row.total_spend })),
      near: list.teams.filter(isNear).toSorted((a, b) => usedOf(b) - usedOf(a)),
    }),
  )
}

const usedOf = ({ spend, max_budget: limit }: Team) => (limit ? spend / limit : 0)
const isNear = (team: Team) => usedOf(team) >= NEAR

async function showLogs(c: Page) {
  const { api, viewer } = c.var
  const nowMs = Date.now()
  const given = c.req.query()
  const known = LOG_FILTERS.map((name) => [name, (given[name] ?? '').trim()] as const)
  const span = { start_date: dayOf(nowMs - 7 * DAY_MS), end_date: dayOf(nowMs) }
  const values = { ...span, ...Object.fromEntries(known.filter(([, value]) => value !== '')) }
  try {
    const list = await api.get<LogPage>('/spend/logs/ui', { ...values, page: given['page'] })
    return c.html(Logs({ viewer, list, filled: { values, problem: null }, nowMs }))
  } catch (error) {
    const filled = refused(values, error)
    const list = { data: [], page: 1, total_pages: 1 }
    return c.html(Logs({ viewer, list, filled, nowMs }), 400)
  }
}
