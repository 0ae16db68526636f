import { describe, expect, it } from 'vitest'
import { isRouteAllowed, isRouteName } from '../../src/auth/route-groups.ts'

describe('a list of routes allows', () => {
  it.each([
    [['/chat/completions'], '/chat/completions'],
    [['/chat/completions'], '/v1/chat/completions'],
    [['/v1/chat/completions'], '/chat/completions'],
    [['/embeddings', '/models'], '/v1/models'],
    [['/key/*'], '/key/generate'],
    [['/key/*'], '/key/abc/reset_spend'],
    [['/key/gen*'], '/key/generate'],
    [['/batches/{batch_id}'], '/v1/batches/b1'],
    [['/team/{team_id}/credit'], '/team/t/credit'],
    [['/team/info'], '/team/info/'],
    [['info_routes'], '/v2/team/list'],
    [['/key/*/reset_spend'], '/key/abc/reset_spend'],
    [['*'], '/anything/at/all'],
    [['*'], '/'],
    [['/*'], '/anything'],
    [['openai_routes'], '/v1/chat/completions'],
    [['openai_routes'], '/models/openai/gpt-4o'],
    [['anthropic_routes'], '/v1/messages'],
    [['llm_api_routes'], '/embeddings'],
    [['llm_api_routes'], '/v1/messages'],
    [['info_routes'], '/team/info'],
    [['management_routes'], '/team/new'],
    [['management_routes'], '/team/member_add'],
    [['management_routes'], '/budget/new'],
    [['spend_tracking_routes'], '/spend/logs'],
    [['global_spend_tracking_routes'], '/global/spend'],
    [['public_routes'], '/'],
    [['public_routes', '/metrics'], '/health/readiness'],
  ])('%j: %s', (allowed, path) => {
    expect(isRouteAllowed(allowed, path)).toBe(true)
  })
})

describe('a list of routes does not allow', () => {
  it.each([
    [[], '/chat/completions'],
    [['/chat/completions'], '/completions'],
    [['/chat'], '/chat/completions'],
    [['/chat/completions'], '/chat/completions/more'],
    [['/key/*'], '/key'],
    [['/key/*'], '/keys/generate'],
    [['/key/gen*'], '/key/delete'],
    [['/batches/{batch_id}'], '/batches'],
    [['/batches/{batch_id}'], '/batches/b/cancel'],
    [['/{any}'], '/'],
    [['.*'], '/key/generate'],
    [['openai_routes'], '/v1/messages'],
    [['openai_routes'], '/team/new'],
    [['info_routes'], '/team/new'],
    [['info_routes'], '/chat/completions'],
    [['management_routes'], '/chat/completions'],
    [['public_routes'], '/key/info'],
    [['google_routes'], '/'],
    [['no_such_routes'], '/key/info'],
    [['/chat/completions'], '/v1/v1/chat/completions'],
  ])('%j: %s', (allowed, path) => {
    expect(isRouteAllowed(allowed, path)).toBe(false)
  })
})

it.each([
  'openai_routes',
  'info_routes',
  'management_routes',
  'spend_tracking_routes',
  'global_spend_tracking_routes',
  'llm_api_routes',
  'public_routes',
  'anthropic_routes',
  'mcp_routes',
  'google_routes',
  '/key/info',
  '*',
])('knows %s', (name) => {
  expect(isRouteName(name)).toBe(true)
})

it.each(['openai', 'key/info', '', '.*', 'constructor'])('does not know %j', (name) => {
  expect(isRouteName(name)).toBe(false)
})
