import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { runDurableObjectAlarm } from 'cloudflare:test'
import { chat, get, newKey, newTeam } from '../setup/worker.ts'
import { read, signedIn, visit } from './visit.ts'

interface Activity {
  readonly sum_api_requests: number
  readonly sum_refused_requests: number
  readonly daily_data: readonly {
    readonly day: string
    readonly api_requests: number
    readonly refused_requests: number
  }[]
}

describe('the overview', () => {
  it('counts what budgets refused, and names the teams near theirs', async () => {
    const name = `Near ${crypto.randomUUID()}`
    const { team_id: teamId } = await newTeam({ team_alias: name, max_budget: 0.000001 })
    const key = await newKey({ team_id: teamId })
    const before = await get<Activity>('/global/activity')
    expect((await chat(key)).status).toBe(200)
    for (let i = 0; i < 3; i++) expect((await chat(key)).status).toBe(400)
    const ledger = env.LEDGER.getByName(`team:${teamId}:1`)
    await ledger.flush()
    await runDurableObjectAlarm(ledger)
    const after = await get<Activity>('/global/activity')
    // Others refuse at the same time.
    expect(after.sum_refused_requests).toBeGreaterThanOrEqual(before.sum_refused_requests + 3)
    const today = after.daily_data.at(-1)
    expect(today?.day).toBe(new Date().toISOString().slice(0, 10))
    expect(today?.refused_requests).toBeGreaterThanOrEqual(3)
    const page = await read('/ui', await signedIn())
    expect(page).toContain('Refused today')
    expect(page).toContain(name)
    const headers = { 'x-tollgate-live': 'true' }
    const now = await (await visit('/ui', { cookie: await signedIn(), headers })).text()
    expect(now).toMatch(/^<div id="near" data-live="true">/)
    expect(now).toContain(name)
    expect(page).toContain('&quot;name&quot;:&quot;Refused&quot;')
  })
})
