import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { auditLogs } from '../../drizzle/schema.ts'
import worker from '../../src/worker.ts'
import { spend } from '../management/tenant.ts'
import { newTenant } from '../management/audit/changes.ts'
import { db } from '../setup/database.ts'
import { post } from '../setup/worker.ts'

it('writes nothing into the audit log, and neither does a ledger', async () => {
  const { team_id, token, key } = await newTenant()
  await post('/team/update', { team_id, budget_duration: '1s' })
  await post('/key/update', { key, budget_duration: '1s' })
  const counts = () =>
    Promise.all([team_id, token].map((id) => db.$count(auditLogs, eq(auditLogs.objectId, id))))
  const before = await counts()
  expect(before).toEqual([2, 2])
  await spend(key)
  await env.LEDGER.getByName(`team:${team_id}:1`).flush()
  const scheduledTime = new Date(Date.now() + 60_000)
  await worker.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime }))
  expect(await counts()).toEqual(before)
})
