import { Hono } from 'hono'
import { type Api, ApiProblem } from '../api.ts'
import { refused } from '../forms.ts'
import type { KeyPageList } from '../key/rows.ts'
import type { Page, Signed } from '../signed.ts'
import { dayOf } from '../spend.ts'
import type { TeamList } from '../team/rows.ts'
import { dayIn, endOf, instantOf } from '../zoned.ts'
import { Call } from './call.tsx'
import { type Asked, CALL_COLUMNS, callRows } from './calls.ts'
import { csvResponse } from './csv.ts'
import { LOG_FILTERS, Logs } from './list.tsx'
import type { LogPage, LogRow } from './rows.ts'
import { USAGE_COLUMNS, usageRows } from './usage.ts'

const DAY_MS = 86_400_000
const DAYS = 7
const NOT_BOTH = 'Usage by day is of a team or of a user, not of a user in a team.'

/** Calls one by one, and both kinds of files about them. */
export function logPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/logs', (c) => showLogs(c))
    .get('/logs.csv', async (c) => {
      const rows = callRows(c.var.api, await askedOf(c, valuesOf(c)))
      return csvResponse('calls.csv', CALL_COLUMNS, rows)
    })
    .get('/usage.csv', async (c) => {
      const { team_id, api_key, user_id, model, ...asked } = await askedOf(c, valuesOf(c))
      if (team_id && user_id) throw new ApiProblem(400, NOT_BOTH, 'user_id')
      // Sums are kept by day, in UTC.
      const [start_date, end_date] = [utcDay(asked.start_date), utcDay(asked.end_date)]
      const usage = usageRows(c.var.api, {
        team_ids: team_id,
        api_key,
        user_id,
        model,
        start_date,
        end_date,
      })
      return csvResponse('usage.csv', USAGE_COLUMNS, usage)
    })
    .get('/logs/:id', async (c) => {
      const request_id = c.req.param('id')
      const [row] = await c.var.api.get<readonly LogRow[]>('/spend/logs', { request_id })
      if (!row) throw new ApiProblem(404, 'There is no such call, or it is not yours to see.', null)
      return c.html(Call({ viewer: c.var.viewer, row }))
    })
}

const utcDay = (time: string) => {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? time : dayOf(ms)
}

/** The form as it was sent; the last week where it names no days. */
function valuesOf(c: Page): Readonly<Record<string, string>> {
  const { zone, nowMs } = c.var.viewer
  const given = c.req.query()
  const known = LOG_FILTERS.map(({ name }) => [name, (given[name] ?? '').trim()] as const)
  const span = { start_date: dayIn(zone, nowMs - DAYS * DAY_MS), end_date: dayIn(zone, nowMs) }
  return { ...span, ...Object.fromEntries(known.filter(([, value]) => value !== '')) }
}

/** The same as the API is asked: times in UTC, names as ids. */
async function askedOf(c: Page, values: Readonly<Record<string, string>>): Promise<Asked> {
  const { api, viewer } = c.var
  const { team_id: team = '', api_key: key = '', start_date: from = '', end_date: to = '' } = values
  const [teamId, hash] = await Promise.all([teamIdOf(api, team), hashOf(api, key)])
  return {
    ...values,
    ...(teamId && { team_id: teamId }),
    ...(hash && { api_key: hash }),
    start_date: instantOf(from, viewer.zone),
    end_date: endOf(to, viewer.zone),
  }
}

/** The one team of this name; else it is an id. */
async function teamIdOf(api: Api, name: string): Promise<string> {
  if (name === '') return ''
  const asked = { team_alias: name, page_size: '100' }
  const { teams } = await api.get<TeamList>('/v2/team/list', asked)
  const [found, other] = teams.filter(({ team_alias: alias }) => alias === name)
  return found && !other ? found.team_id : name
}

/** The key of this name; else it is a key, or the hash of one. */
async function hashOf(api: Api, name: string): Promise<string> {
  if (name === '') return ''
  const asked = { key_alias: name, return_full_object: 'true', include_team_keys: 'true' }
  const none: Pick<KeyPageList, 'keys'> = { keys: [] }
  // A key of nobody lists none.
  const { keys } = await api.get<KeyPageList>('/key/list', asked).catch(() => none)
  return keys[0]?.token ?? name
}

async function showLogs(c: Page) {
  const { api, viewer } = c.var
  const values = valuesOf(c)
  try {
    const asked = { ...(await askedOf(c, values)) }
    const list = await api.get<LogPage>('/spend/logs/ui', { ...asked, page: c.req.query('page') })
    return c.html(Logs({ viewer, list, filled: { values, problem: null } }))
  } catch (error) {
    const filled = refused(values, error)
    const list = { data: [], page: 1, total_pages: 1 }
    return c.html(Logs({ viewer, list, filled }), 400)
  }
}
