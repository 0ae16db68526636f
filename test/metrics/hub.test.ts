import { evictDurableObject, listDurableObjectIds, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { allHubs, hubOf } from '../../src/ledger/object/hubs.ts'
import { call, chat, newKey, newTeam } from '../setup/worker.ts'

async function remaining(teamId: string): Promise<string | undefined> {
  const response = await call('GET', '/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const line = (await response.text())
    .split('\n')
    .find(
      (text) => text.startsWith('litellm_remaining_team_budget_metric') && text.includes(teamId),
    )
  return line?.split('} ')[1]
}

/** Silence, as the ledger sees it: no entry of the last minutes, and nothing in memory. */
async function fallSilent(ledger: string): Promise<void> {
  const stub = env.LEDGER.getByName(ledger)
  await runInDurableObject(stub, (_object, { storage }) => {
    storage.sql.exec('DELETE FROM entry')
  })
  await evictDurableObject(stub)
}

function isRegistered(ledger: string): Promise<boolean> {
  return runInDurableObject(hubOf(env.METRICS_HUB, ledger), (_hub, { storage }) => {
    const query = 'SELECT registered FROM ledger WHERE name = ?'
    return storage.sql.exec(query, ledger).one()['registered'] === 1
  })
}

describe('a scrape', () => {
  it('has every settle that was acknowledged before it', async () => {
    const { team_id } = await newTeam({ team_alias: 'Scraped', max_budget: 0.000007 })
    const key = await newKey({ team_id })
    expect(await remaining(team_id)).toBeUndefined()
    await (await chat(key)).text()
    expect(await remaining(team_id)).toBe('3.5e-06')
    await (await chat(key)).text()
    expect(await remaining(team_id)).toBe('0.0')
  })

  it('survives the eviction of the ledger and of the hub', async () => {
    const { team_id } = await newTeam({ max_budget: 0.000000001 })
    await (await chat(await newKey({ team_id }))).text()
    await evictDurableObject(env.LEDGER.getByName(`team:${team_id}:1`))
    for (const hub of allHubs(env.METRICS_HUB)) await evictDurableObject(hub)
    expect(await remaining(team_id)).toBe('-3.499e-06')
  })

  it('drops an idle ledger, shows it on, and takes it back with its next settle', async () => {
    const { team_id } = await newTeam({ max_budget: 0.000007 })
    const ledger = `team:${team_id}:1`
    const key = await newKey({ team_id })
    await (await chat(key)).text()
    expect(await remaining(team_id)).toBe('3.5e-06')
    expect(await isRegistered(ledger)).toBe(true)
    await fallSilent(ledger)
    await remaining(team_id)
    expect(await isRegistered(ledger)).toBe(false)
    expect(await remaining(team_id)).toBe('7e-06')
    await (await chat(key)).text()
    expect(await isRegistered(ledger)).toBe(true)
    expect(await remaining(team_id)).toBe('3.5e-06')
  })

  it('keeps a ledger that registered again while it was being dropped', async () => {
    const { team_id } = await newTeam({ max_budget: 1 })
    const ledger = `team:${team_id}:1`
    await (await chat(await newKey({ team_id }))).text()
    await fallSilent(ledger)
    await hubOf(env.METRICS_HUB, ledger).register(ledger, 2)
    await remaining(team_id)
    expect(await isRegistered(ledger)).toBe(true)
  })

  it('is not needed to wake the ledgers that lost their alarm', async () => {
    const { team_id } = await newTeam({ max_budget: 1 })
    const ledger = `team:${team_id}:1`
    await (await chat(await newKey({ team_id }))).text()
    const stub = env.LEDGER.getByName(ledger)
    await runInDurableObject(stub, (_object, { storage }) => storage.deleteAlarm())
    await evictDurableObject(stub)
    const said: unknown = await hubOf(env.METRICS_HUB, ledger).wake()
    expect(said).toBeUndefined()
    await runInDurableObject(stub, async (_object, { storage }) => {
      expect(await storage.getAlarm()).not.toBeNull()
    })
  })

  it('makes no ledger', async () => {
    const before = (await listDurableObjectIds(env.LEDGER)).length
    await newTeam({ max_budget: 1 })
    await remaining('nobody')
    expect((await listDurableObjectIds(env.LEDGER)).length).toBe(before)
  })
})
