import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { directoryOf } from '../../../src/auth/key-directory.ts'
import { sha256Hex } from '../../../src/ids.ts'
import { newIsolate } from '../../setup/isolate.ts'
import { call, chat, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { untold } from '../tenant.ts'
import { ask, expectDone, expectRefused, person } from './people.ts'

const REFUSED = { type: 'auth_error', param: 'None' }

describe('the routes of a key', () => {
  it('are all that it may call, LLM routes and others alike', async () => {
    const key = await newKey({ allowed_routes: ['/chat/completions', '/key/info'] })
    expect((await chat(key)).status).toBe(200)
    expect((await call('GET', '/key/info', { key })).status).toBe(200)
    const message =
      'Virtual key is not allowed to call this route. Only allowed to call routes: ' +
      "['/chat/completions', '/key/info']. Tried to call route: /models"
    await expectRefused(ask(key, '/models'), 403, { ...REFUSED, message })
    await expectRefused(ask(key, '/team/info?team_id=t'), 403, REFUSED)
    await expectRefused(ask(key, '/embeddings', { model: 'llama3', input: 'hi' }), 403, REFUSED)
  })

  it.each([
    ['llm_api', ['llm_api_routes'], [200, 200, 403, 403]],
    ['management', ['management_routes'], [403, 403, 200, 200]],
    ['read_only', ['info_routes'], [403, 200, 200, 403]],
    ['default', [], [200, 200, 200, 200]],
  ])('are those of its type %s', async (key_type, allowed_routes, statuses) => {
    const { key } = await person('internal_user', { key_type })
    const asked = [
      await chat(key),
      await call('GET', '/v1/models', { key }),
      await call('GET', '/key/info', { key }),
      await call('POST', '/key/generate', { key, body: {} }),
    ]
    expect(asked.map(({ status }) => status)).toEqual(statuses)
    const { info } = await get<{ info: object }>(`/key/info?key=${key}`)
    expect(info).toMatchObject({ allowed_routes })
  })

  it('are changed by either field, and cleared', async () => {
    const key = await newKey({ allowed_routes: ['/models'] })
    const update = (fields: object) => post('/key/update', { key, ...fields })
    expect(await update({})).toMatchObject({ allowed_routes: ['/models'] })
    expect(await update({ key_type: 'llm_api' })).toMatchObject({
      allowed_routes: ['llm_api_routes'],
    })
    expect(await update({ key_type: 'default' })).toMatchObject({ allowed_routes: [] })
    expect(await update({ allowed_routes: ['/key/*', '/models/{id}'] })).toMatchObject({
      allowed_routes: ['/key/*', '/models/{id}'],
    })
    expect(await update({ allowed_routes: null })).toMatchObject({ allowed_routes: [] })
  })

  it.each<[object, number, string]>([
    [{ allowed_routes: ['chat'] }, 400, 'allowed_routes.0'],
    [{ allowed_routes: ['no_such_routes'] }, 400, 'allowed_routes.0'],
    [{ allowed_routes: ['toString'] }, 400, 'allowed_routes.0'],
    [{ allowed_routes: '/models' }, 422, 'allowed_routes'],
    [{ allowed_routes: [1] }, 422, 'allowed_routes.0'],
    [{ key_type: 'other' }, 422, 'key_type'],
  ])('are never %j', async (fields, status, param) => {
    const key = await newKey()
    await expectRefused(ask(MASTER, '/key/generate', fields), status, { param })
    await expectRefused(ask(MASTER, '/key/update', { key, ...fields }), status, { param })
  })

  it('are no more for a new key than for the one that makes it, though an admin asks', async () => {
    const { key } = await person('proxy_admin', { allowed_routes: ['/key/*', '/models'] })
    const make = (fields: object) => ask(key, '/key/generate', fields)
    await expectDone(make({}), { allowed_routes: ['/key/*', '/models'] })
    await expectDone(make({ allowed_routes: ['/key/info'] }), { allowed_routes: ['/key/info'] })
    for (const fields of [{ key_type: 'llm_api' }, { allowed_routes: ['/team/new'] }]) {
      await expectRefused(make(fields), 400, { param: 'allowed_routes' })
    }
  })
})

describe('a tightening of routes binds the next call', () => {
  it.each([
    ['where the ledger is awake', true],
    ['before there is a ledger', false],
  ])('from every isolate, %s', async (_where, isAwake) => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    const hash = await sha256Hex(key)
    const warm = newIsolate()
    expect(await (isAwake ? warm.chat(key) : warm.get('/models', key))).toMatchObject({
      status: 200,
    })
    const directory = directoryOf(env.KEY_DIRECTORY, hash)
    const old = await directory.get(hash)
    await post('/key/update', { key, allowed_routes: ['/models'] })
    // What isolates share may be put there by one that read Postgres before the change.
    await directory.remove(hash)
    await directory.put(old!.record)
    for (const isolate of [warm, newIsolate()]) {
      const { status, message } = await isolate.chat(key)
      expect([status, message]).toEqual([403, expect.stringContaining("['/models']")])
    }
    expect(await untold(`team:${team_id}`)).toEqual([])
    await post('/key/update', { key, allowed_routes: [] })
    expect(await warm.chat(key)).toMatchObject({ status: 200 })
  })
})
