import { Hono } from 'hono'
import { changedBody, fieldsOf, newBody, readForm, refused, valuesOf } from '../forms.ts'
import { showMade } from '../key/routes.ts'
import { modelsOf } from '../models.ts'
import { EMPTY, type Filled, type Values } from '../parts/form.tsx'
import type { Page, Signed } from '../signed.ts'
import { NewUser, newUserGroups, userGroups } from './form.tsx'
import { Users } from './list.tsx'
import { UserPage } from './page.tsx'
import { pathOf, type UserInfo, type UserList } from './rows.ts'

/** Users: who they are, what they may and what is theirs. */
export function userPages(): Hono<Signed> {
  return new Hono<Signed>()
    .get('/users', async (c) => {
      const { user_email = '', role = '', page } = c.req.query()
      const list = await c.var.api.get<UserList>('/user/list', { user_email, role, page })
      return c.html(Users({ viewer: c.var.viewer, list, asked: { user_email, role } }))
    })
    .get('/users/new', (c) => showNewUser(c, EMPTY))
    .post('/users/new', (c) => makeUser(c))
    .get('/users/:id', (c) => showUser(c, c.req.param('id')))
    .post('/users/:id', (c) => changeUser(c, c.req.param('id')))
    .post('/users/:id/delete', (c) => remove(c, c.req.param('id')))
}

async function showNewUser(c: Page, filled: Filled) {
  const groups = newUserGroups(await modelsOf(c.var.api))
  return c.html(NewUser({ viewer: c.var.viewer, filled, groups }), filled.problem ? 400 : 200)
}

async function makeUser(c: Page) {
  const { api, viewer } = c.var
  const fields = fieldsOf(newUserGroups([]))
  const { values } = await readForm(c, fields)
  const auto_create_key = values['auto_create_key'] !== 'no'
  try {
    const body = { ...newBody(fields, values, viewer.zone), auto_create_key }
    const { user_id: userId, key } = await api.post<{ user_id: string; key: string }>(
      '/user/new',
      body,
    )
    return key ? await showMade(c, key) : c.redirect(pathOf(userId), 303)
  } catch (error) {
    return showNewUser(c, refused(values, error))
  }
}

interface Refused {
  readonly filled: Filled
  readonly was?: Values
}

async function showUser(c: Page, userId: string, again?: Refused) {
  const { api, viewer } = c.var
  const [info, models] = await Promise.all([
    api.get<UserInfo>('/user/info', { user_id: userId }),
    modelsOf(api),
  ])
  const groups = userGroups(models)
  const values = valuesOf(fieldsOf(groups), info.user_info, viewer.zone)
  const { filled = { values, problem: null }, was = values } = again ?? {}
  return c.html(UserPage({ viewer, info, groups, filled, was }), filled.problem ? 400 : 200)
}

async function changeUser(c: Page, userId: string) {
  const { api, viewer } = c.var
  const fields = fieldsOf(userGroups([]))
  const sent = await readForm(c, fields)
  try {
    await api.post('/user/update', { ...changedBody(fields, sent, viewer.zone), user_id: userId })
  } catch (error) {
    return showUser(c, userId, { filled: refused(sent.values, error), was: sent.was })
  }
  return c.redirect(pathOf(userId), 303)
}

async function remove(c: Page, userId: string) {
  try {
    await c.var.api.post('/user/delete', { user_ids: [userId] })
  } catch (error) {
    return showUser(c, userId, { filled: refused({}, error, 'act') })
  }
  return c.redirect('/ui/users', 303)
}
