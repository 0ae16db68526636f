import { describe, expect, it } from 'vitest'
import { isAllowed } from '../../src/ledger/access.ts'
import { chat, type ErrorBody, get, newKey, newTeam } from '../setup/worker.ts'

describe('isAllowed', () => {
  it.each([
    [[], 'llama3', true],
    [['llama3'], 'llama3', true],
    [['llama3'], 'gpt-4o', false],
    [['openai/*'], 'openai/gpt-4o', true],
    [['openai/*'], 'gpt-4o', false],
    [['bedrock/anthropic.*'], 'bedrock/anthropic.claude', true],
    [['bedrock/anthropic.*'], 'bedrock/anthropicXclaude', false],
    [['*'], 'anything', true],
    [['all-proxy-models'], 'anything', true],
    [['all-team-models'], 'anything', true],
    [['no-default-models'], 'llama3', false],
  ])('%j and %s: %s', (models, model, allowed) => {
    expect(isAllowed(models, model)).toBe(allowed)
  })
})

describe('model access', () => {
  it.each([
    ['key', {}, { models: ['other'] }],
    ['team', { models: ['other'] }, {}],
  ])("is the %s's to give", async (scope, team, fields) => {
    const { team_id } = await newTeam(team)
    const key = await newKey({ team_id, ...fields })
    const response = await chat(key)
    expect(response.status).toBe(403)
    expect((await response.json<ErrorBody>()).error).toEqual({
      message:
        `${scope} not allowed to access model. This ${scope} can only access models=['other']. ` +
        'Tried to access llama3',
      type: `${scope}_model_access_denied`,
      param: 'model',
      code: '403',
    })
    expect(await get('/v1/models', key)).toEqual({ data: [], object: 'list' })
  })
})
