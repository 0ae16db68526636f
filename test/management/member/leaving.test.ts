import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { keys } from '../../../drizzle/schema.ts'
import { sha256Hex } from '../../../src/ids.ts'
import { db } from '../../setup/database.ts'
import { newKey, newTeam, post } from '../../setup/worker.ts'

it('takes along the keys of a member who is removed, also one that has not arrived', async () => {
  const [{ team_id }, from] = await Promise.all([newTeam(), newTeam()])
  const user_id = crypto.randomUUID()
  await post('/team/member_add', { team_id, member: { role: 'user', user_id } })
  const token = await sha256Hex(await newKey({ team_id: from.team_id, user_id }))
  const moving = { account_id: `team:${team_id}`, team_id, user_id }
  await db.update(keys).set({ moving }).where(eq(keys.token, token))
  await post('/team/member_delete', { team_id, user_id })
  const [key] = await db.select().from(keys).where(eq(keys.token, token))
  expect(key).toMatchObject({ deletedAt: expect.any(Date) })
})
