import { type Context, Hono } from 'hono'
import { type Api, ApiProblem } from '../api.ts'
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
import { type Filled, type Values } from '../parts/form.tsx'
import type { Page, Signed } from '../signed.ts'
import { nameOf as teamName, type TeamInfo, type TeamList } from '../team/rows.ts'
import { KeySettings, keySettings, NewKey, newKeyGroups } from './form.tsx'
import { KeyList } from './list.tsx'
import { KeyMade } from './made.tsx'
import { KeyPage, type Verdict } from './page.tsx'
import { type KeyInfo, type KeyPageList, pathOf } from './rows.ts'

const PAGE_SIZE = '20'

/** The Worker as somebody with this key reaches it; null: nobody has it. */
export type ApiOf = (c: Context, hash: string) => Promise<Api | null>

/** Keys: made, looked at, changed, ended. */
export function keyPages(apiOf: ApiOf): Hono<Signed> {
  return new Hono<Signed>()
    .get('/keys', (c) => showKeys(c))
    .get('/keys/new', (c) => {
      const { team_id: teamId = '', user_id = '' } = c.req.query()
      return showNewKey(c, teamId, { values: { user_id }, problem: null })
    })
    .post('/keys/new', (c) => makeKey(c))
    .get('/keys/:hash', (c) => showKey(c, c.req.param('hash')))
    .get('/keys/:hash/settings', (c) => showSettings(c, c.req.param('hash')))
    .post('/keys/:hash/settings', (c) => changeKey(c, c.req.param('hash')))
    .post('/keys/:hash/ask', (c) => ask(c, c.req.param('hash'), apiOf))
    .post('/keys/:hash/block', (c) => send(c, c.req.param('hash'), ['/key/block']))
    .post('/keys/:hash/unblock', (c) => send(c, c.req.param('hash'), ['/key/unblock']))
    .post('/keys/:hash/reset', (c) => {
      const hash = c.req.param('hash')
      return send(c, hash, [`/key/${encodeURIComponent(hash)}/reset_spend`, { reset_to: 0 }])
    })
    .post('/keys/:hash/regenerate', (c) => regenerate(c, c.req.param('hash')))
    .post('/keys/:hash/delete', (c) => remove(c, c.req.param('hash')))
}

async function showKeys(c: Page) {
  const { key_alias = '', team_id = '', user_id = '', sort_by = 'created_at', page } = c.req.query()
  const { api, viewer } = c.var
  const asked = { key_alias, team_id, user_id, sort_by }
  const isNobodys = !viewer.seesAll && viewer.userId === null
  const list = isNobodys
    ? await itselfOnly(api)
    : await api.get<KeyPageList>('/key/list', {
        ...asked,
        page,
        size: PAGE_SIZE,
        return_full_object: 'true',
        // Members see those of the teams that they manage, too.
        include_team_keys: viewer.seesAll ? undefined : 'true',
      })
  return c.html(KeyList({ viewer, list, asked }))
}

/** A key without a user sees no other. */
async function itselfOnly(api: Api): Promise<KeyPageList> {
  const { key, info } = await api.get<{ key: string; info: KeyInfo }>('/key/info')
  return { keys: [{ ...info, token: key }], total_count: 1, current_page: 1, total_pages: 1 }
}

async function showNewKey(c: Page, teamId: string, filled: Filled) {
  const { api, viewer } = c.var
  const groups = newKeyGroups(viewer, await modelsOf(api), teamId)
  const found = teamId && (await api.get<TeamInfo>('/team/info', { team_id: teamId }))
  const team = found ? { id: teamId, name: teamName(found.team_info) } : null
  return c.html(NewKey({ viewer, team, groups, filled }), filled.problem ? 400 : 200)
}

async function makeKey(c: Page) {
  const { api, viewer } = c.var
  const fields = fieldsOf(newKeyGroups(viewer, [], ''))
  const { values } = await readForm(c, fields)
  try {
    const body = newBody(fields, values, viewer.zone)
    const { key } = await api.post<{ key: string }>('/key/generate', body)
    return await showMade(c, key)
  } catch (error) {
    const filled = refused(values, error)
    // A team that does not fit is asked for again.
    const teamId = filled.problem?.field === 'team_id' ? '' : (values['team_id'] ?? '')
    return showNewKey(c, teamId, filled)
  }
}

export async function showMade(c: Page, apiKey: string) {
  const [model = 'gpt-4o'] = await modelsOf(c.var.api)
  const url = new URL(c.req.url).origin
  return c.html(KeyMade({ viewer: c.var.viewer, apiKey, url, model }))
}

async function infoOf({ var: { api } }: Page, hash: string): Promise<KeyInfo> {
  return (await api.get<{ info: KeyInfo }>('/key/info', { key: hash })).info
}

interface Shown {
  readonly problem?: string | null
  readonly verdict?: Verdict
}

async function showKey(c: Page, hash: string, { problem = null, verdict }: Shown = {}) {
  const { api, viewer } = c.var
  const [info, models] = await Promise.all([infoOf(c, hash), modelsOf(api)])
  const team = info.team_id === null ? null : await teamNameOf(api, info.team_id)
  const page = { viewer, hash, info, team, problem, verdict: verdict ?? null, models }
  return c.html(KeyPage(page), problem === null ? 200 : 400)
}

/** As whoever may see the team knows it. */
async function teamNameOf(api: Api, teamId: string): Promise<string> {
  const { teams } = await api.get<TeamList>('/v2/team/list', { team_id: teamId })
  return teams[0] ? teamName(teams[0]) : teamId
}

interface Refused {
  readonly filled: Filled
  readonly was: Values
}

async function showSettings(c: Page, hash: string, again?: Refused) {
  const { api, viewer } = c.var
  const [info, models] = await Promise.all([infoOf(c, hash), modelsOf(api)])
  const groups = keySettings(viewer, models)
  const values = valuesOf(fieldsOf(groups), info, viewer.zone)
  const { filled, was } = again ?? { filled: { values, problem: null }, was: values }
  return c.html(
    KeySettings({ viewer, hash, info, groups, filled, was }),
    filled.problem ? 400 : 200,
  )
}

const NEVER = '-1'

async function changeKey(c: Page, hash: string) {
  const { api, viewer } = c.var
  const fields = fieldsOf(keySettings(viewer, []))
  const sent = await readForm(c, fields)
  try {
    const body = changedBody(fields, sent, viewer.zone)
    const duration = body['duration'] === 'never' ? { duration: NEVER } : {}
    await api.post('/key/update', { ...body, ...duration, key: hash })
  } catch (error) {
    return showSettings(c, hash, { filled: refused(sent.values, error), was: sent.was })
  }
  return c.redirect(pathOf(hash), 303)
}

type Change = readonly [path: string, body?: object]

/** The gateway's own answer to such a call, with this key, by its dry run. */
async function ask(c: Page, hash: string, apiOf: ApiOf) {
  // Who may not see the key may not ask for it either.
  await infoOf(c, hash)
  const model = await readField(c, 'model')
  const own = await apiOf(c, hash)
  if (!own) throw new ApiProblem(404, 'Nobody has this key any more.', null)
  const refusal = await own
    .dryRun({ model, messages: [{ role: 'user', content: 'hi' }] })
    .then((answer) => answer.refusal?.error.message ?? null)
    .catch((error: unknown) => said(error))
  return showKey(c, hash, { verdict: { model, refusal } })
}

async function send(c: Page, hash: string, [path, body = {}]: Change) {
  try {
    await c.var.api.post(path, { ...body, key: hash })
  } catch (error) {
    return showKey(c, hash, { problem: said(error) })
  }
  return c.redirect(pathOf(hash), 303)
}

async function regenerate(c: Page, hash: string) {
  try {
    const { key } = await c.var.api.post<{ key: string }>('/key/regenerate', { key: hash })
    return await showMade(c, key)
  } catch (error) {
    return showKey(c, hash, { problem: said(error) })
  }
}

async function remove(c: Page, hash: string) {
  try {
    await c.var.api.post('/key/delete', { keys: [hash] })
  } catch (error) {
    return showKey(c, hash, { problem: said(error) })
  }
  return c.redirect('/ui/keys', 303)
}
