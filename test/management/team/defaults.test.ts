import { describe, expect, it } from 'vitest'
import { configText, newIsolate } from '../../setup/isolate.ts'

const NAMED = `named-${crypto.randomUUID()}`
const DEFAULTS = `litellm_settings:
  default_team_settings:
    - {team_id: default-settings, max_budget: 100.0, budget_duration: 30d, tpm_limit: 1000}
    - {team_id: ${NAMED}, max_budget: 7}
  default_team_params: {max_budget: 50, rpm_limit: 60, models: [llama3], team_member_budget: 2}`

const { post } = newIsolate(configText({ 'litellm_settings:': DEFAULTS }))

async function made(fields: object) {
  const { status, json } = await post('/team/new', fields)
  expect(status, JSON.stringify(json)).toBe(200)
  return json
}

describe('a new team has config.yaml’s defaults', () => {
  it('in every field that was not sent, with the end of its first window', async () => {
    const beforeMs = Date.now()
    const team = await made({})
    expect(team).toMatchObject({
      max_budget: 100,
      budget_duration: '30d',
      tpm_limit: 1000,
      rpm_limit: 60,
      models: ['llama3'],
      team_member_budget: 2,
    })
    const resetMs = Date.parse(String(team['budget_reset_at']))
    expect(resetMs).toBeGreaterThanOrEqual(beforeMs + 30 * 86_400_000)
    expect(resetMs).toBeLessThanOrEqual(Date.now() + 30 * 86_400_000)
  })

  it('but what was sent stays, null among it', async () => {
    const sent = { max_budget: 3, tpm_limit: null, models: [], budget_duration: null }
    const team = await made(sent)
    expect(team).toMatchObject({ ...sent, budget_reset_at: null, rpm_limit: 60 })
  })

  it('and those of its own name before the others', async () => {
    const team = await made({ team_id: NAMED })
    expect(team).toMatchObject({ max_budget: 7, budget_duration: '30d', rpm_limit: 60 })
  })
})
