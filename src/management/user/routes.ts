import { type Context, Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { maySeeAll } from '../../auth/actor.ts'
import { type Acting, acting, adminOnly, adminsAndViewers, asked } from '../../callers.ts'
import { countUsers } from '../../db/users.ts'
import { ApiError } from '../../errors.ts'
import { answered, body, type Deps, nowOf, query } from '../../http.ts'
import { keyRow } from '../key/row.ts'
import { BulkUpdate, changeUsers } from './bulk-update.ts'
import { DeleteUsers, removeUsers } from './delete.ts'
import { findShownUser, userInfo, UserQuery } from './info.ts'
import { UserListQuery, userPage } from './list.ts'
import { type CreatedUser, createUser, NewUser } from './new.ts'
import { AVAILABLE_ROLES } from './roles.ts'
import { liveUserRow, userRow } from './row.ts'
import { changeUser, UpdateUser } from './update.ts'

/** `/user/…`: make, show, change and delete users. */
export function userRoutes(deps: Deps): Hono<Acting> {
  const ignored = deps.config.settings.ignoreUnsupported
  return new Hono<Acting>()
    .use(acting(deps))
    .post('/new', adminOnly, body(NewUser), async (c) => {
      const input = c.req.valid('json')
      const created = await createUser({ ...asked(deps, c), input, ignored })
      if (created.key) deps.keyCache.forget(created.key.token)
      return answered(c, newUserAnswer(deps, created, input.team_id ?? null))
    })
    .post('/update', adminOnly, body(UpdateUser), async (c) => {
      const input = c.req.valid('json')
      const details = await changeUser({ ...asked(deps, c), input, ignored })
      const data = await liveUserRow(deps, details, nowOf(deps))
      return c.json({ user_id: details.user.userId, data })
    })
    .post('/bulk_update', adminOnly, body(BulkUpdate), async (c) => {
      const input = c.req.valid('json')
      return answered(c, await changeUsers({ ...asked(deps, c), input, ignored }))
    })
    .post('/delete', adminOnly, body(DeleteUsers), async (c) => {
      const input = c.req.valid('json')
      const { count, pending } = await removeUsers({ ...asked(deps, c), input })
      if (pending > 0) c.header('x-tollgate-pending', String(pending))
      return c.json(count)
    })
    .get('/info', query(UserQuery), async (c) =>
      c.json(await userInfo({ ...asked(deps, c), userId: userIdOf(c, c.req.valid('query')) })),
    )
    .get('/list', listersOnly, query(UserListQuery), async (c) =>
      c.json(await userPage({ db: deps.db, ...nowOf(deps), filter: c.req.valid('query') })),
    )
    .get('/available_roles', (c) => c.json(AVAILABLE_ROLES))
    .get('/available_users', adminsAndViewers, async (c) => c.json(await usersInUse(deps)))
}

/** `/v2/user/…`. */
export function userRoutesV2(deps: Deps): Hono<Acting> {
  return new Hono<Acting>().use(acting(deps)).get('/info', query(UserQuery), async (c) => {
    const userId = userIdOf(c, c.req.valid('query'))
    const details = await findShownUser({ db: deps.db, actor: c.var.actor, userId })
    return c.json(await liveUserRow(deps, details, nowOf(deps)))
  })
}

const listersOnly = createMiddleware<Acting>(async (c, next) => {
  if (!maySeeAll(c.var.actor)) {
    const message = 'Only proxy admins and organization admins can list users.'
    throw new ApiError(403, message, { type: 'auth_error' })
  }
  await next()
})

/** Addresses are sent as ids with a bare `+`, which a query would mean as a space. */
function userIdOf(c: Context, { user_id: userId }: { readonly user_id?: string | undefined }) {
  const sent = /[?&]user_id=([^&#]*\+[^&#]*)/.exec(c.req.url)?.[1]
  const isBare = sent !== undefined && !sent.includes('%20')
  return isBare ? userId?.replaceAll(' ', '+') : userId
}

function newUserAnswer(deps: Deps, created: CreatedUser, teamId: string | null) {
  const { user, key, secret, members, pending } = created
  const now = nowOf(deps)
  const spent = { spend: 0, held: 0 }
  const teams = members.map((member) => member.teamId)
  return {
    ...(key && keyRow(key, spent, now)),
    ...userRow({ user, teams }, spent, now),
    key: secret ?? '',
    token: key?.token ?? null,
    token_id: key?.token ?? null,
    expires: key ? keyRow(key, spent, now).expires : null,
    team_id: teamId,
    pending,
  }
}

/** No licence limits how many there may be. */
async function usersInUse({ db }: Deps) {
  const { users, teams } = await countUsers(db)
  return {
    total_users: null,
    total_users_used: users,
    total_users_remaining: null,
    total_teams: null,
    total_teams_used: teams,
    total_teams_remaining: null,
  }
}
