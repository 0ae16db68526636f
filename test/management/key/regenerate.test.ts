import { eq } from 'drizzle-orm'
import { describe, expect, it, vi } from 'vitest'
import { keys } from '../../../drizzle/schema.ts'
import { sha256Hex } from '../../../src/ids.ts'
import { db } from '../../setup/database.ts'
import { newIsolate } from '../../setup/isolate.ts'
import { chat, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { COST, spend, spentTeam, untold } from '../tenant.ts'
import { ask, expectDone, expectRefused, type Row } from './people.ts'

interface Made extends Row {
  readonly key: string
  readonly token: string
}

const regenerate = (key: string, fields: object = {}): Promise<Made> =>
  post('/key/regenerate', { key, ...fields })
const info = async (key: string): Promise<Row> =>
  (await get<{ info: Row }>(`/key/info?key=${key}`)).info
const own = () => `sk-own-${crypto.randomUUID()}`
const taken = (by: string, new_key: string) =>
  expectRefused(ask(MASTER, '/key/regenerate', { key: by, new_key }), 400, { param: 'new_key' })
const rowOf = async (token: string) =>
  (await db.select().from(keys).where(eq(keys.token, token)))[0]

async function expectGone(key: string): Promise<void> {
  const refused = await chat(key)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({ error: { type: 'token_not_found_in_db' } })
}

describe('a regenerated key', () => {
  it.each(['in the path', 'in the body'])(
    'has another secret, shown once, named %s',
    async (how) => {
      const key = await newKey({ key_alias: `alias-${crypto.randomUUID()}`, max_budget: 1 })
      const before = await info(key)
      const made =
        how === 'in the path'
          ? await post<Made>(`/key/${key}/regenerate`, {})
          : await regenerate(await sha256Hex(key))
      const token = await sha256Hex(made.key)
      expect(made).toMatchObject({
        token,
        token_id: token,
        key_name: `sk-...${made.key.slice(-4)}`,
        key_alias: before['key_alias'],
        max_budget: 1,
        created_at: before['created_at'],
        rotation_count: 1,
        last_rotation_at: expect.stringMatching(/Z$/),
      })
      expect(made.key).toMatch(/^sk-[\w-]{43}$/)
      expect((await chat(made.key)).status).toBe(200)
      await expectGone(key)
      expect(await regenerate(made.key)).toMatchObject({ rotation_count: 2 })
    },
  )

  it('keeps what it spent, where it may spend, and its history', async () => {
    const { team_id, key } = await spentTeam({}, { max_budget: 2 * COST, metadata: { a: 1 } })
    const made = await regenerate(key)
    expect(made).toMatchObject({ team_id, spend: COST, metadata: { a: 1 } })
    await spend(made.key)
    const refused = await chat(made.key)
    expect(refused.status).toBe(400)
    expect(refused.headers.get('x-tollgate-refused-by')).toBe('key')
    expect(await info(made.key)).toMatchObject({ spend: 2 * COST })
  })

  it('has its old secret refused by every isolate from the next call on', async () => {
    const { team_id } = await newTeam()
    for (const warmUp of ['chat', 'models'] as const) {
      const key = await newKey({ team_id })
      const warm = newIsolate()
      const asked = warmUp === 'chat' ? warm.chat(key) : warm.get('/models', key)
      expect(await asked).toMatchObject({ status: 200 })
      const made = await regenerate(key)
      for (const isolate of [warm, newIsolate()]) {
        expect(await isolate.chat(key)).toMatchObject({ status: 401 })
        expect(await isolate.chat(made.key)).toMatchObject({ status: 200 })
      }
      expect(await untold(`team:${team_id}`)).toEqual([])
    }
  })

  it('takes any field of an update along', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ max_budget: 1 })
    await spend(key)
    const fields = { max_budget: 7, duration: '1h', team_id, allowed_routes: ['/models'], spend: 0 }
    const made = await regenerate(key, fields)
    const { duration, ...shown } = fields
    expect(made).toMatchObject({ ...shown, duration, expires: expect.any(String) })
    expect((await chat(made.key)).status).toBe(403)
    await expectGone(key)
    const bad = { key: made.key, organization_id: 'o' }
    await expectRefused(ask(MASTER, '/key/regenerate', bad), 400, { param: 'organization_id' })
  })

  it('stays blocked or deleted if it was', async () => {
    const key = await newKey({ blocked: true })
    const made = await regenerate(key)
    expect(made).toMatchObject({ blocked: true })
    expect((await chat(made.key)).status).toBe(401)
    await post('/key/unblock', { key: made.key })
    expect((await chat(made.key)).status).toBe(200)
    await expectGone(key)
    await post('/key/delete', { keys: [made.key] })
    await expectGone(made.key)
    await expectRefused(ask(MASTER, '/key/regenerate', { key: made.key }), 404)
    await expectRefused(ask(MASTER, '/key/sk-none/regenerate', {}), 404)
  })

  it('is named by every hash that it ever had, and by its secrets', async () => {
    const key = await newKey()
    const made = await regenerate(key, { grace_period: '1h' })
    const last = await regenerate(made.key)
    const names = [key, made.key, last.key, ...(await Promise.all([key, made.key].map(sha256Hex)))]
    for (const [i, name] of names.entries()) {
      expect(await info(name)).toMatchObject({ rotation_count: 2 })
      const changed = await post<Row>('/key/update', { key: name, tpm_limit: i + 1 })
      expect(changed).toMatchObject({ key: name, tpm_limit: i + 1 })
      expect(await post('/key/block', { key: name })).toMatchObject({ token: last.token })
      expect(await post('/key/unblock', { key: name })).toMatchObject({ blocked: false })
      expect(await post(`/key/${name}/reset_spend`, { reset_to: 0 })).toMatchObject({ spend: 0 })
      const listed = await get<Row>(`/key/list?key_hash=${name}`)
      expect(listed).toMatchObject({ keys: [last.token], total_count: 1 })
    }
    expect(await get('/key/info', last.key)).toMatchObject({ key: last.token })
    await post('/key/delete', { keys: [key] })
    await expectGone(last.key)
  })

  it('is told of its own, whoever asks for it', async () => {
    const key = await newKey()
    const [made, other] = [await regenerate(key), await newKey()]
    expect(await get('/key/info', made.key)).toMatchObject({ info: { rotation_count: 1 } })
    await expectRefused(ask(key, '/key/info'), 401, { type: 'token_not_found_in_db' })
    await expectRefused(ask(made.key, `/key/info?key=${other}`), 403)
  })
})

describe('a new secret', () => {
  it("may be the operator's own, and the call may then be repeated", async () => {
    const [key, new_key] = [await newKey(), own()]
    expect(await regenerate(key, { new_key })).toMatchObject({ key: new_key, rotation_count: 1 })
    expect(await regenerate(key, { new_key })).toMatchObject({ key: new_key, rotation_count: 1 })
    expect((await chat(new_key)).status).toBe(200)
  })

  it("is never one that is or was another key's, or its own before", async () => {
    const [key, other] = [own(), own()]
    await newKey({ key })
    await newKey({ key: other })
    await taken(key, other)
    const [second, third] = [own(), own()]
    await regenerate(key, { new_key: second })
    await regenerate(key, { new_key: third })
    await taken(key, key)
    await taken(key, second)
    await taken(other, second)
    for (const used of [key, second, third]) {
      await expectRefused(ask(MASTER, '/key/generate', { key: used }), 400, { param: 'key' })
    }
    expect((await chat(third)).status).toBe(200)
    expect((await chat(other)).status).toBe(200)
  })

  it.each<[object, number, string]>([
    [{ new_key: 'pk-1' }, 400, 'new_key'],
    [{ new_key: 5 }, 422, 'new_key'],
    [{ grace_period: 'soon' }, 400, 'grace_period'],
    [{ grace_period: 5 }, 422, 'grace_period'],
    [{ max_budget: -1 }, 400, 'max_budget'],
  ])('is not made of %j', async (fields, status, param) => {
    const key = await newKey()
    await expectRefused(ask(MASTER, '/key/regenerate', { key, ...fields }), status, { param })
    await expectRefused(ask(MASTER, `/key/${key}/regenerate`, fields), status, { param })
    expect((await chat(key)).status).toBe(200)
  })
})

describe('a grace period', () => {
  it('lets the old secret be used until its end, and no longer', async () => {
    const { key } = await spentTeam()
    const warm = newIsolate()
    expect(await warm.chat(key)).toMatchObject({ status: 200 })
    const made = await regenerate(key, { grace_period: '2s' })
    for (const secret of [key, made.key]) {
      expect(await warm.chat(secret)).toMatchObject({ status: 200 })
      expect(await newIsolate().chat(secret)).toMatchObject({ status: 200 })
    }
    await vi.waitFor(
      async () => {
        expect(await warm.chat(key)).toMatchObject({ status: 401 })
      },
      { timeout: 10_000, interval: 200 },
    )
    expect(await newIsolate().chat(key)).toMatchObject({ status: 401 })
    expect((await chat(made.key)).status).toBe(200)
    await expectRefused(ask(key, '/key/info'), 401)
  })

  it('ends for all older secrets with a regeneration that gives none', async () => {
    const key = await newKey()
    const second = await regenerate(key, { grace_period: '1h' })
    const third = await regenerate(key, { grace_period: '1d' })
    for (const secret of [key, second.key, third.key]) await spend(secret)
    expect(await info(key)).toMatchObject({ spend: 3 * COST })
    const last = await regenerate(key)
    for (const secret of [key, second.key, third.key]) await expectGone(secret)
    await spend(last.key)
  })

  it('ends with the key: blocked and deleted mean every secret', async () => {
    const key = await newKey()
    const made = await regenerate(key, { grace_period: '1h' })
    const isolate = newIsolate()
    for (const secret of [key, made.key]) {
      expect(await isolate.chat(secret)).toMatchObject({ status: 200 })
    }
    await post('/key/block', { key: made.key })
    for (const secret of [key, made.key]) {
      expect(await isolate.chat(secret)).toMatchObject({ status: 401 })
    }
    await post('/key/unblock', { key })
    await post('/key/delete', { keys: [made.key] })
    for (const secret of [key, made.key]) {
      expect(await isolate.chat(secret)).toMatchObject({ status: 401 })
      await expectGone(secret)
    }
  })

  it('is given to ten secrets at once at most', async () => {
    const key = await newKey()
    for (let i = 0; i < 9; i++) await regenerate(key, { grace_period: '1h' })
    const more = { key, grace_period: '1h' }
    await expectRefused(ask(MASTER, '/key/regenerate', more), 400, { param: 'grace_period' })
    expect(await info(key)).toMatchObject({ rotation_count: 9 })
    await spend(key)
    await expectDone(ask(MASTER, '/key/regenerate', { key }), { rotation_count: 10 })
    expect((await rowOf(await sha256Hex(key)))?.secrets).toHaveLength(1)
  })
})

describe('two regenerations at once', () => {
  it.each([undefined, '1h'])('leave one newest secret, grace %s', async (grace_period) => {
    const key = await newKey()
    await spend(key)
    const made = await Promise.all([1, 2].map(() => regenerate(key, { grace_period })))
    const row = await rowOf(await sha256Hex(key))
    const newest = row!.secrets!.filter(({ until }) => until === null)
    expect(newest).toHaveLength(1)
    const hashes = await Promise.all(made.map(({ key: secret }) => sha256Hex(secret)))
    expect(hashes).toContain(newest[0]!.hash)
    expect(await info(key)).toMatchObject({ rotation_count: 2 })
    const statuses = await Promise.all(
      made.map(async ({ key: secret }) => (await chat(secret)).status),
    )
    expect(statuses.toSorted((a, b) => a - b)).toEqual(grace_period ? [200, 200] : [200, 401])
  })

  it('never make one secret of two keys', async () => {
    const [key, other, new_key] = [await newKey(), await newKey(), own()]
    const both = await Promise.all([
      ask(MASTER, '/key/regenerate', { key, new_key }),
      ask(MASTER, '/key/regenerate', { key: other, new_key }),
      ask(MASTER, '/key/generate', { key: new_key }),
    ])
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400])
  })
})
