import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDatabase } from './database.ts'
import type { Database } from './database.ts'
import { eventually } from './eventually.ts'
import { startGateway } from './gateway.ts'
import type { Gateway } from './gateway.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1_440 * MINUTE_MS
/** Kathmandu is 5:45 ahead all the year; its budgets' days begin at 6:30, at 0:45 in UTC. */
const DAY_BEGINS_MS = 45 * MINUTE_MS
const COST = 0.0000035

const CONFIG = `model_list:
  - model_name: llama3
    litellm_params:
      model: openai/llama3
      mock_response: hello
      input_cost_per_token: 0.00000005
      output_cost_per_token: 0.00000015
litellm_settings:
  callbacks: ['prometheus']
  timezone: Asia/Kathmandu
  budget_reset_time: '06:30'
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  litellm_compatibility: v1.84
`

let database: Database
let gateway: Gateway
beforeAll(async () => {
  database = await startDatabase()
  gateway = await startGateway({ database, configYaml: CONFIG })
})
afterAll(async () => {
  await gateway.stop()
  await database.close()
})

function nextReset(): number {
  const day = Math.floor((Date.now() - DAY_BEGINS_MS) / DAY_MS)
  return (day + 1) * DAY_MS + DAY_BEGINS_MS
}

describe('a deployment whose budgets reset by the clock of a zone', () => {
  it('tells everybody the same instant: the API, refusals, metrics and Postgres', async () => {
    const fields = { max_budget: COST, budget_duration: '1d' }
    const { teamId, key } = await gateway.tenant(fields)
    expect((await gateway.chat(key, 'llama3')).status).toBe(200)
    const refused = await gateway.chat(key, 'llama3')
    const resetMs = nextReset()
    expect(refused.status, refused.text).toBe(429)
    expect(Date.parse(refused.headers.get('x-tollgate-reset-at') ?? '')).toBe(resetMs)

    const { json } = await gateway.http(`/team/info?team_id=${teamId}`)
    const { spend, budget_reset_at } = json['team_info'] as Record<string, unknown>
    expect([spend, Date.parse(String(budget_reset_at))]).toEqual([COST, resetMs])

    const { text } = await gateway.http('/metrics')
    const hours = new RegExp(`remaining_hours_metric\\{team="${teamId}",[^}]*\\} (\\S+)`).exec(text)
    const leftMs = Number(hours?.[1]) * 60 * MINUTE_MS
    expect(Math.abs(resetMs - Date.now() - leftMs)).toBeLessThan(10_000)

    await eventually(async () => {
      const [row] = await database.rows(
        `select extract(epoch from budget_reset_at) * 1000 as reset_ms,
            extract(epoch from spend_window_end_at) * 1000 as end_ms
          from teams join accounts on account_id = 'team:' || team_id
          where team_id = $1 and spend > 0`,
        [teamId],
      )
      expect([Number(row?.['reset_ms']), Number(row?.['end_ms'])]).toEqual([resetMs, resetMs])
    })
  })
})
