import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { dailySpend } from '../../drizzle/schema.ts'
import { sha256Hex } from '../../src/ids.ts'
import { db } from '../setup/database.ts'
import { chat, newKey, newTeam } from '../setup/worker.ts'
import { problemAt, read, signedIn, visit } from './visit.ts'

/** A team whose key has made some calls, and Postgres knows of them. */
async function spender(calls = 1) {
  const name = `Spender ${crypto.randomUUID()}`
  const { team_id: teamId } = await newTeam({ team_alias: name })
  const alias = `=key of ${name}`
  const key = await newKey({ team_id: teamId, key_alias: alias })
  for (let i = 0; i < calls; i++) expect((await chat(key)).status).toBe(200)
  await env.LEDGER.getByName(`team:${teamId}:1`).flush()
  return { teamId, name, key, alias, hash: await sha256Hex(key) }
}

const linesOf = (csv: string) => csv.trimEnd().split('\r\n')

describe('logs', () => {
  it('are found by the name or the id of a team or a key', async () => {
    const cookie = await signedIn()
    const { teamId, name, alias, hash, key } = await spender()
    const finds = [
      { team_id: teamId },
      { team_id: name },
      { api_key: alias },
      { api_key: hash },
      { api_key: key },
      { team_id: name, model: 'llama3', status_filter: 'success' },
    ]
    for (const query of finds) {
      const page = await read(`/ui/logs?${new URLSearchParams(query).toString()}`, cookie)
      expect(page.split('<tr>').length, JSON.stringify(query)).toBe(1 + 2)
      expect(page).toContain('$0.0000035')
    }
    for (const query of [
      { team_id: name, status_filter: 'failure' },
      { team_id: name, model: 'other' },
      { team_id: name, end_date: '2026-01-01', start_date: '2026-01-01' },
    ]) {
      const page = await read(`/ui/logs?${new URLSearchParams(query).toString()}`, cookie)
      expect(page, JSON.stringify(query)).toContain('No call fits.')
    }
  })

  it('are found by the user, also in files', async () => {
    const cookie = await signedIn()
    const userId = `caller ${crypto.randomUUID()}`
    const key = await newKey({ user_id: userId })
    expect((await chat(key)).status).toBe(200)
    await env.LEDGER.getByName(`user:${userId}:1`).flush()
    const query = new URLSearchParams({ user_id: userId }).toString()
    expect(await read(`/ui/logs?${query}`, cookie)).toContain('$0.0000035')
    expect(linesOf(await read(`/ui/logs.csv?${query}`, cookie))).toHaveLength(2)
    expect(linesOf(await read(`/ui/usage.csv?${query}`, cookie))).toHaveLength(2)
    const both = await visit(`/ui/usage.csv?${query}&team_id=x`, { cookie })
    expect(both.status).toBe(400)
  })

  it('show what a call cost, by part', async () => {
    const cookie = await signedIn()
    const { teamId } = await spender()
    const page = await read(`/ui/logs?team_id=${teamId}`, cookie)
    const [, id = ''] = /href="\/ui\/logs\/([^"]+)"/.exec(page) ?? []
    const call = await read(`/ui/logs/${id}`, `${cookie}; tollgate-zone=Asia/Tokyo`)
    expect(call).toContain('0.0000005 USD')
    expect(call).toContain('0.000003 USD')
    expect(call).toMatch(/GMT\+9/)
    expect((await visit('/ui/logs/no-such-call', { cookie })).status).toBe(404)
  })

  it('say what is wrong with a search at its field, and keep it', async () => {
    const cookie = await signedIn()
    const answer = await visit('/ui/logs?start_date=yesterday', { cookie })
    expect(answer.status).toBe(400)
    const page = await answer.text()
    expect(page).toMatch(/value="yesterday"/)
    expect(problemAt(page, 'start_date')).toContain('expected a day')
    expect((await visit('/ui/logs.csv?start_date=yesterday', { cookie })).status).toBe(400)
    expect((await visit('/ui/usage.csv?end_date=never', { cookie })).status).toBe(400)
  })

  it('are a file of values, in which nothing is a formula', async () => {
    const cookie = await signedIn()
    const { name, hash } = await spender(3)
    const query = new URLSearchParams({ team_id: name, model: 'llama3', status_filter: 'success' })
    const answer = await visit(`/ui/logs.csv?${query.toString()}`, { cookie })
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="calls.csv"')
    const [header = '', ...rows] = linesOf(await answer.text())
    expect(header).toMatch(/^request_id,started,ended,/)
    expect(rows).toHaveLength(3)
    for (const row of rows) {
      expect(row).toContain(`,${hash},"'=key of ${name}",`)
      expect(row).toMatch(/,10,20,30,0\.0000035$/)
    }
    const none = await read(`/ui/logs.csv?${query.toString()}&model=other`, cookie)
    expect(linesOf(none)).toHaveLength(4)
    query.set('model', 'other')
    expect(linesOf(await read(`/ui/logs.csv?${query.toString()}`, cookie))).toHaveLength(1)
  })

  it('are summed by day, model and key in another', async () => {
    const cookie = await signedIn()
    const { teamId, name, alias, hash } = await spender(2)
    const of = { team_id: name, model: 'llama3' }
    const csv = await read(`/ui/usage.csv?${new URLSearchParams(of).toString()}`, cookie)
    expect(await read(`/ui/usage.csv?api_key=${hash}`, cookie)).toBe(csv)
    const day = new Date().toISOString().slice(0, 10)
    expect(linesOf(csv)).toEqual([
      'day,model,team_id,key_alias,key,requests,successful,failed,prompt_tokens,completion_tokens,spend_usd',
      `${day},llama3,${teamId},"'${alias}",${hash},2,2,0,20,40,0.000007`,
    ])
  })

  it('of who has no key are in it, so that sums are whole', async () => {
    const { team_id: teamId } = await newTeam()
    const day = new Date().toISOString().slice(0, 10)
    const row = { accountId: `team:${teamId}`, day, modelGroup: 'm', provider: 'p' }
    await db.insert(dailySpend).values([
      { ...row, keyHash: '', userId: 'a', model: 'm', spendPico: '5', requests: 2 },
      { ...row, keyHash: 'h', userId: 'a', model: 'm', spendPico: '3', requests: 1 },
      { ...row, keyHash: '', userId: 'b', model: '', spendPico: '2', requests: 1 },
    ])
    const csv = await read(`/ui/usage.csv?team_id=${teamId}`, await signedIn())
    expect(linesOf(csv).slice(1)).toEqual([
      `${day},m,,,h,1,0,0,0,0,0.000000000003`,
      `${day},m,,,,2,0,0,0,0,0.000000000005`,
      `${day},,,,,1,0,0,0,0,0.000000000002`,
    ])
  })
})
