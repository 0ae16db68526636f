import { asc, eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { auditLogs } from '../../../drizzle/schema.ts'
import { sha256Hex } from '../../../src/ids.ts'
import { db } from '../../setup/database.ts'
import { call, MASTER, post } from '../../setup/worker.ts'
import { person } from './people.ts'

const changesOf = async (token: string) =>
  db.select().from(auditLogs).where(eq(auditLogs.objectId, token)).orderBy(asc(auditLogs.updatedAt))

describe('the audit of keys', () => {
  it('has each change with whoever made it, and no secret in clear', async () => {
    const { user_id, key: by } = await person()
    const { key, token } = await post<Record<string, string>>('/key/generate', {}, by)
    await post('/key/update', { key, metadata: { a: 1 } }, by)
    await post('/key/block', { key })
    await post('/key/unblock', { key })
    const made = await post<Record<string, string>>('/key/regenerate', { key }, by)
    await post('/key/delete', { keys: [made['key']] })
    const rows = await changesOf(token!)
    expect(rows.map(({ action, changedBy }) => [action, changedBy])).toEqual([
      ['created', user_id],
      ['updated', user_id],
      ['blocked', 'default_user_id'],
      ['unblocked', 'default_user_id'],
      ['rotated', user_id],
      ['deleted', 'default_user_id'],
    ])
    expect(rows.map(({ changedByApiKey }) => changedByApiKey)).toContain(await sha256Hex(by))
    expect(rows[1]).toMatchObject({
      tableName: 'LiteLLM_VerificationToken',
      beforeValue: { metadata: {} },
      updatedValues: { metadata: { a: 1 } },
    })
    for (const secret of [key!, made['key']!, by, MASTER]) {
      expect(JSON.stringify(rows)).not.toContain(secret)
    }
  })

  it('names whom the client names, and nothing that was refused', async () => {
    const [user, other] = [await person(), await person()]
    const token = await sha256Hex(user.key)
    const before = await changesOf(token)
    const refused = await call('POST', '/key/update', { key: other.key, body: { key: user.key } })
    expect(refused.status).toBe(403)
    expect(await changesOf(token)).toEqual(before)
    const headers = { 'litellm-changed-by': 'ann@example.com' }
    await call('POST', '/key/block', { key: MASTER, body: { key: user.key }, headers })
    expect((await changesOf(token)).at(-1)).toMatchObject({
      action: 'blocked',
      changedBy: 'ann@example.com',
    })
  })
})
