import { describe, expect, it } from 'vitest'
import { users } from '../../drizzle/schema.ts'
import { db } from '../setup/database.ts'
import { newIsolate } from '../setup/isolate.ts'
import { type ErrorBody, newKey, newTeam, post } from '../setup/worker.ts'

const mock = (name: string, id = name): string => `
  - model_name: ${name}
    litellm_params:
      model: ${name.includes('*') ? 'openai/*' : 'openai/x'}
      mock_response: Hello!
      input_cost_per_token: 0.00000005
      output_cost_per_token: 0.00000015
    model_info: { id: ${JSON.stringify(`id-of-${id}`)} }`

const NAMES = ['llama3', 'gpt-4o', 'openai/*', 'bedrock/*']
const { chat, get } = newIsolate(`model_list:${NAMES.map((name) => mock(name)).join('')}
router_settings: { model_group_alias: { house: gpt-4o, secret: { model: gpt-4o, hidden: true } } }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }`)

/** Those that /models lists of itself. */
const LISTED = ['llama3', 'gpt-4o', 'house']

interface Lists {
  readonly key?: object
  readonly team?: object
}

async function keyWith({ key = {}, team = {} }: Lists): Promise<string> {
  const { team_id } = await newTeam(team)
  return newKey({ team_id, ...key })
}

async function keyOfUser(models: string[], fields: object = {}): Promise<string> {
  const user_id = crypto.randomUUID()
  await db.insert(users).values({ userId: user_id, models })
  return newKey({ user_id, ...fields })
}

const modelsOf = async (key: string): Promise<string[]> => {
  const { data } = JSON.parse((await get('/v1/models', key)).text) as { data: { id: string }[] }
  return data.map(({ id }) => id)
}

describe('a list of models', () => {
  it.each([
    ['nothing: all', [], ['llama3', 'openai/gpt-5', 'bedrock/anthropic.claude'], ['nobody']],
    ['a name', ['llama3'], ['llama3'], ['gpt-4o', 'openai/llama3']],
    ['a pattern', ['openai/*'], ['openai/gpt-5', 'openai/o/9'], ['llama3', 'bedrock/openai/x']],
    [
      'a pattern with parts',
      ['bedrock/anthropic.*'],
      ['bedrock/anthropic.claude'],
      ['bedrock/anthropicXclaude', 'bedrock/amazon.nova', 'openai/anthropic.claude'],
    ],
    ['all-proxy-models', ['all-proxy-models'], ['llama3', 'openai/gpt-5'], []],
    ['a star', ['*'], ['llama3', 'openai/gpt-5'], []],
    ['no-default-models', ['no-default-models'], [], ['llama3', 'openai/gpt-5', 'house']],
  ])('of %s', async (_what, models, allowed, refused) => {
    for (const lists of [{ key: { models } }, { team: { models } }]) {
      const key = await keyWith(lists)
      for (const model of allowed) {
        expect([model, (await chat(key, { model })).status]).toEqual([model, 200])
      }
      for (const model of refused) {
        const status = model === 'nobody' ? 400 : 403
        expect([model, (await chat(key, { model })).status]).toEqual([model, status])
      }
    }
  })

  it.each([
    [['llama3'], ['llama3', 'gpt-4o'], 'team', 'gpt-4o'],
    [['llama3', 'gpt-4o'], ['llama3'], 'key', 'gpt-4o'],
    [['openai/*'], ['all-proxy-models'], 'team', 'llama3'],
    [['llama3'], ['all-team-models'], 'team', 'gpt-4o'],
    [['no-default-models'], ['all-team-models'], 'team', 'llama3'],
    [['llama3'], ['no-default-models'], 'key', 'llama3'],
  ])('of the team %j and the key %j: the %s refuses %s', async (team, key, scope, model) => {
    const secret = await keyWith({ team: { models: team }, key: { models: key } })
    const { status, text } = await chat(secret, { model })
    const { error } = JSON.parse(text) as ErrorBody
    const list = (scope === 'team' ? team : key).map((name) => `'${name}'`).join(', ')
    expect(status).toBe(403)
    expect(error).toEqual({
      message:
        `${scope} not allowed to access model. This ${scope} can only access models=[${list}]. ` +
        `Tried to access ${model}`,
      type: `${scope}_model_access_denied`,
      param: 'model',
      code: '403',
    })
  })

  it('of a key that takes all of its team lets those through', async () => {
    const team = { models: ['llama3', 'openai/*'] }
    const key = await keyWith({ team, key: { models: ['all-team-models'] } })
    expect((await chat(key, { model: 'llama3' })).status).toBe(200)
    expect((await chat(key, { model: 'openai/gpt-5' })).status).toBe(200)
    expect(await modelsOf(key)).toEqual(['llama3'])
  })

  it('is not passed by the id of a deployment, and neither are limits of a model', async () => {
    const other = { model: 'id-of-gpt-4o' }
    for (const models of [['llama3'], ['id-of*']]) {
      expect((await chat(await keyWith({ key: { models } }), other)).status).toBe(403)
    }
    const key = await keyWith({
      team: { models: ['gpt-4o'] },
      key: { model_rpm_limit: { 'gpt-4o': 1 } },
    })
    expect((await chat(key, other)).status).toBe(200)
    expect((await chat(key, { model: 'gpt-4o' })).status).toBe(429)
    expect((await chat(key, other)).status).toBe(429)
  })
})

describe("a user's list", () => {
  it('holds for their own keys, and not for those of a team', async () => {
    const { status, text } = await chat(await keyOfUser(['llama3']), { model: 'gpt-4o' })
    expect(status).toBe(403)
    expect((JSON.parse(text) as ErrorBody).error).toMatchObject({
      type: 'user_model_access_denied',
      message: expect.stringContaining("user can only access models=['llama3']"),
    })
    const { team_id } = await newTeam()
    const ofTeam = await keyOfUser(['llama3'], { team_id })
    expect((await chat(ofTeam, { model: 'gpt-4o' })).status).toBe(200)
  })

  it('without default models says that only teams have some', async () => {
    const { team_id } = await newTeam({ models: ['llama3'] })
    const ofTeam = await keyOfUser(['no-default-models'], { team_id })
    expect((await chat(ofTeam, { model: 'llama3' })).status).toBe(200)
    const key = await keyOfUser(['no-default-models'])
    const { status, text } = await chat(key, { model: 'llama3' })
    expect(status).toBe(401)
    expect((JSON.parse(text) as ErrorBody).error).toEqual({
      message:
        'User not allowed to access model. No default model access, only team models allowed. ' +
        'Tried to access llama3',
      type: 'key_model_access_denied',
      param: 'model',
      code: '401',
    })
    expect(await modelsOf(key)).toEqual([])
  })
})

describe('an alias', () => {
  it("is the key's before it is the team's", async () => {
    const aliases = { quick: 'openai/fast' }
    const team = { model_aliases: { quick: 'llama3', slow: 'llama3' }, models: ['openai/*'] }
    const key = await keyWith({ key: { aliases }, team })
    expect((await chat(key, { model: 'quick' })).status).toBe(200)
    const refused = await chat(key, { model: 'slow' })
    expect([refused.status, refused.message]).toEqual([
      403,
      expect.stringContaining('Tried to access llama3'),
    ])
  })

  it.each([
    ['key', { key: { aliases: { llama3: 'gpt-4o', quick: 'gpt-4o' } } }],
    ['team', { team: { model_aliases: { llama3: 'gpt-4o', quick: 'gpt-4o' } } }],
  ])('of the %s opens no model that a list does not name', async (_scope, lists: Lists) => {
    for (const list of ['llama3', 'quick', 'quick*', 'llama*']) {
      const models = [list]
      for (const key of [
        await keyWith({ ...lists, key: { ...lists.key, models } }),
        await keyWith({ ...lists, team: { ...lists.team, models } }),
      ]) {
        for (const model of ['llama3', 'quick']) {
          expect((await chat(key, { model })).status).toBe(403)
        }
        expect(await modelsOf(key)).toEqual([])
      }
    }
  })

  it('that is changed binds the next call', async () => {
    const { team_id } = await newTeam({ models: ['llama3'], model_aliases: { quick: 'llama3' } })
    const key = await newKey({ team_id })
    expect((await chat(key, { model: 'quick' })).status).toBe(200)
    await post('/team/update', { team_id, model_aliases: { quick: 'gpt-4o' } })
    expect((await chat(key, { model: 'quick' })).status).toBe(403)
  })

  it('of config.yaml is a name of its own for lists', async () => {
    const key = await keyWith({ key: { models: ['house'] } })
    expect((await chat(key, { model: 'house' })).status).toBe(200)
    expect((await chat(key, { model: 'gpt-4o' })).status).toBe(403)
    expect(await modelsOf(key)).toEqual(['house'])
  })
})

describe('/models', () => {
  it.each([
    [{}, LISTED],
    [{ key: { models: ['all-proxy-models'] } }, LISTED],
    [{ key: { models: ['gpt-4o'] } }, ['gpt-4o']],
    [{ team: { models: ['llama3'] }, key: { models: ['all-team-models'] } }, ['llama3']],
    [{ team: { models: ['llama3', 'house'] }, key: { models: ['house', 'gpt-4o'] } }, ['house']],
    [{ key: { models: ['openai/*'] } }, []],
    [{ key: { models: ['openai/gpt-5', 'nobody'] } }, ['openai/gpt-5']],
    [{ key: { aliases: { quick: 'llama3', lost: 'nobody' } } }, [...LISTED, 'quick']],
    [
      { team: { model_aliases: { quick: 'llama3', big: 'gpt-4o' }, models: ['llama3'] } },
      ['llama3', 'quick'],
    ],
    [{ team: { models: ['no-default-models'] } }, []],
  ])('of %j are %j', async (lists: Lists, expected) => {
    const key = await keyWith(lists)
    expect(await modelsOf(key)).toEqual(expected)
    for (const model of expected) expect((await chat(key, { model })).status).toBe(200)
  })

  it('has each by its name, and none that may not be called', async () => {
    const key = await keyWith({ key: { models: ['openai/gpt-5'] } })
    expect((await get('/v1/models/openai/gpt-5', key)).status).toBe(200)
    expect((await get('/v1/models/llama3', key)).status).toBe(404)
  })
})
