import { z } from 'zod'
import { findByEmail, listUserIds, listUsers, type UserDetails } from '../../db/users.ts'
import { ApiError, badRequest } from '../../errors.ts'
import { flag } from '../fields.ts'
import { countBefore } from '../added-windows.ts'
import { type Change, tellAll } from '../tell.ts'
import { noUser } from './fields.ts'
import { copiedUserRow } from './row.ts'
import { type ChangeDeps, saveUser, UpdateUser, type UserInput } from './update.ts'

const USERS_MAX = 500

const Item = z.looseObject({})

/** `POST /user/bulk_update`: each item is checked, changed and answered for by itself. */
export const BulkUpdate = z.object({
  users: z
    .array(Item)
    .max(USERS_MAX, { error: `expected at most ${USERS_MAX} items` })
    .nullish(),
  all_users: flag,
  user_updates: Item.nullish(),
})

interface ChangeUsers extends ChangeDeps {
  readonly input: z.infer<typeof BulkUpdate>
}

type Sent = Readonly<Record<string, unknown>>

/** Changes many users, then tells their ledgers. May be repeated. */
export async function changeUsers(request: ChangeUsers) {
  const items = await itemsOf(request)
  const parsed = items.map((item) => UpdateUser.safeParse(item))
  const known = await whoIsMeant(
    request,
    parsed.flatMap(({ data }) => data ?? []),
  )
  const changes: Change[] = []
  const results: Awaited<ReturnType<typeof attempt>>[] = []
  for (const [i, { data, error }] of parsed.entries()) {
    const item = items[i] ?? {}
    results.push(
      data
        ? await attempt(request, { input: data, known, changes })
        : failed(item, `${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`),
    )
  }
  const pending = await tellAll(request, changes)
  for (const change of changes) await countBefore(request, change)
  const successful = results.filter(({ success }) => success).length
  return {
    results,
    total_requested: items.length,
    successful_updates: successful,
    failed_updates: items.length - successful,
    pending,
  }
}

async function itemsOf({ db, input }: ChangeUsers): Promise<readonly Sent[]> {
  const { users, all_users: isForAll, user_updates: updates } = input
  if (isForAll && updates) {
    const ids = await listUserIds(db, USERS_MAX + 1)
    if (ids.length > USERS_MAX) {
      throw badRequest(`Maximum ${USERS_MAX} users can be updated at once.`, 'all_users')
    }
    const { user_email: _one, ...others } = updates
    return ids.map((user_id) => ({ ...others, user_id }))
  }
  if (users && users.length > 0) return users
  const either = "either 'users' for individual updates or 'all_users=True' with 'user_updates'"
  throw badRequest(`Must specify ${either} for bulk updates`, 'users')
}

type Known = (input: UserInput) => UserDetails | undefined

/** Two queries for all of them. */
async function whoIsMeant({ db }: ChangeUsers, inputs: readonly UserInput[]): Promise<Known> {
  const ids = inputs.flatMap(({ user_id }) => user_id ?? [])
  const emails = inputs.flatMap(({ user_id, user_email }) => (user_id ? [] : (user_email ?? [])))
  const byId = await listUsers(db, ids)
  const byEmail = emails.length > 0 ? await findByEmail(db, emails) : []
  return ({ user_id, user_email }) =>
    user_id
      ? byId.find(({ user }) => user.userId === user_id)
      : byEmail.find(({ user }) => user.userEmail?.toLowerCase() === user_email?.toLowerCase())
}

interface Attempt {
  readonly input: UserInput
  readonly known: Known
  readonly changes: Change[]
}

async function attempt(request: ChangeUsers, { input, known, changes }: Attempt) {
  try {
    const found = known(input)
    if (!found) throw noUser(input.user_id ?? input.user_email ?? null)
    const { details, change } = await saveUser(request, found, input)
    changes.push(change)
    const { user_id, ...row } = copiedUserRow(details, request)
    const { user_email } = row
    return { user_id, user_email, success: true, error: null, updated_user: { user_id, ...row } }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error
    return failed(input, error.message)
  }
}

function failed({ user_id = null, user_email = null }: Sent, error: string) {
  return { user_id, user_email, success: false, error, updated_user: null }
}
