import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { accounts, keys } from '../../../drizzle/schema.ts'
import { sha256Hex } from '../../../src/ids.ts'
import { db } from '../../setup/database.ts'
import { chat, get, newKey, newTeam, post } from '../../setup/worker.ts'
import { BAD_COMMON, COMMON_FIELDS, COST, expectRefusal, spend, untold } from '../tenant.ts'

type Row = Record<string, unknown>

const info = async (key: string): Promise<Row> =>
  (await get<{ info: Row }>(`/key/info?key=${key}`)).info
const update = (key: string, fields: object): Promise<Row> =>
  post('/key/update', { key, ...fields })
const reset = (key: string, reset_to: unknown): Promise<Row> =>
  post(`/key/${key}/reset_spend`, { reset_to })

const FIELDS = [...COMMON_FIELDS, ['aliases', { fast: 'llama3' }, { fast: 'llama3' }, {}]] as const

describe('/key/update', () => {
  it.each(FIELDS)('sets %s to %j, keeps it while absent, and clears it by null', async (...row) => {
    const [field, value, shown, cleared] = row
    const key = await newKey()
    expect(await update(key, { [field]: value })).toMatchObject({ key, [field]: shown })
    expect((await update(key, {}))[field]).toEqual(shown)
    expect((await info(key))[field]).toEqual(shown)
    expect((await update(key, { [field]: null }))[field]).toEqual(cleared)
  })

  it.each(FIELDS)('has %s as %j from the beginning too', async (field, value, shown) => {
    expect((await info(await newKey({ [field]: value })))[field]).toEqual(shown)
  })

  it.each(BAD_COMMON)('refuses %j with %i by name, and changes nothing', async (...row) => {
    const [fields, status, param] = row
    const key = await newKey({ max_budget: 7 })
    const before = await info(key)
    await expectRefusal(['/key/update', { key, tpm_limit: 5, ...fields }], status, { param })
    expect(await info(key)).toEqual(before)
    await expectRefusal(['/key/generate', fields], status, { param })
  })

  it('takes a hash as well, and knows neither unknown keys nor deleted ones', async () => {
    const key = await newKey()
    const hash = await sha256Hex(key)
    expect(await update(hash, { tpm_limit: 5 })).toMatchObject({ key: hash, tpm_limit: 5 })
    const message = 'Key not found in database'
    await expectRefusal(['/key/update', { key: 'sk-nobody' }], 404, { message })
    await post('/key/delete', { keys: [key] })
    await expectRefusal(['/key/update', { key, tpm_limit: 6 }], 404, { message })
    await expectRefusal(['/key/block', { key }], 404, { message })
  })

  it.each(['-1', -1, null])('lets a key live for ever by duration %j', async (duration) => {
    const key = await newKey({ duration: '1h' })
    expect(await update(key, {})).toMatchObject({ expires: expect.any(String) })
    expect(await update(key, { duration })).toMatchObject({ expires: null })
    const before = Date.now()
    const { expires } = await update(key, { duration: '30m' })
    expect(Date.parse(String(expires))).toBeGreaterThanOrEqual(before + 1_800_000)
  })

  it('keeps aliases unique', async () => {
    const key_alias = `alias-${crypto.randomUUID()}`
    const [key, other] = [await newKey({ key_alias }), await newKey()]
    await expectRefusal(['/key/update', { key: other, key_alias }], 400, { param: 'key_alias' })
    expect(await update(key, { key_alias: null })).toMatchObject({ key_alias: null })
    expect(await update(other, { key_alias })).toMatchObject({ key_alias })
  })

  it('binds the next call, though the key was in use a moment ago', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id, max_budget: 1 })
    await spend(key)
    await update(key, { max_budget: COST })
    const refused = await chat(key)
    expect(refused.status).toBe(400)
    expect(refused.headers.get('x-tollgate-refused-by')).toContain('key')
    await update(key, { max_budget: 1 })
    expect((await chat(key)).status).toBe(200)
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it('names a user of the same team without moving anything', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id, user_id: 'ann' })
    await spend(key)
    expect(await update(key, { user_id: 'bob' })).toMatchObject({ user_id: 'bob', spend: COST })
    const [row] = await db
      .select()
      .from(keys)
      .where(eq(keys.token, await sha256Hex(key)))
    expect(row).toMatchObject({ accountId: `team:${team_id}`, moving: null })
  })
})

describe('/key/block', () => {
  it('binds the next call until it is lifted, however often it is said', async () => {
    const key = await newKey()
    const token = await sha256Hex(key)
    await spend(key)
    for (const named of [key, token]) {
      expect(await post('/key/block', { key: named })).toMatchObject({ token, blocked: true })
      expect((await chat(key)).status).toBe(401)
    }
    expect(await post('/key/unblock', { key })).toMatchObject({ token, blocked: false })
    expect((await chat(key)).status).toBe(200)
  })
})

describe('the spend of a key', () => {
  it('is set to less by its ledger, and the key may call again', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id, max_budget: COST, budget_duration: '1d' })
    await spend(key)
    expect((await chat(key)).status).toBe(400)
    expect(await reset(key, 0)).toMatchObject({
      key_hash: await sha256Hex(key),
      spend: 0,
      previous_spend: COST,
      max_budget: COST,
      budget_reset_at: expect.stringMatching(/Z$/),
    })
    expect(await info(key)).toMatchObject({ spend: 0 })
    expect((await chat(key)).status).toBe(200)
    // What the team spent is spent.
    const { team_info } = await get<{ team_info: Row }>(`/team/info?team_id=${team_id}`)
    expect(team_info['spend']).toBe(2 * COST)
  })

  it('may be set by /key/update as well', async () => {
    const key = await newKey()
    await spend(key)
    expect(await update(key, { spend: COST / 2 })).toMatchObject({ spend: COST / 2 })
    await expectRefusal(['/key/update', { key, spend: 1 }], 400, { param: 'spend' })
  })

  it('lowers nothing of what the key has spent in its life', async () => {
    const key = await newKey()
    await spend(key)
    await env.LEDGER.getByName(`key:${await sha256Hex(key)}:1`).flush()
    await reset(key, 0)
    expect(await info(key)).toMatchObject({ spend: 0, total_spend: COST })
  })

  it('is set in Postgres while there is no ledger', async () => {
    const key = await newKey()
    const token = await sha256Hex(key)
    await db.update(keys).set({ spend: '0.5' }).where(eq(keys.token, token))
    await expectRefusal([`/key/${key}/reset_spend`, { reset_to: 0.6 }], 400, { param: 'reset_to' })
    expect(await reset(token, 0.25)).toMatchObject({ spend: 0.25, previous_spend: 0.5 })
    const [account] = await db
      .select()
      .from(accounts)
      .where(eq(accounts.accountId, `key:${token}`))
    expect(account).toMatchObject({ ledgerEpoch: 0 })
    await spend(key)
    expect(await info(key)).toMatchObject({ spend: 0.25 + COST })
  })

  it.each([
    [-1, 400],
    [5, 400],
    ['all', 422],
    [null, 400],
  ])('is never set to %j', async (reset_to, status) => {
    const key = await newKey({ max_budget: 2 })
    await spend(key)
    await expectRefusal([`/key/${key}/reset_spend`, { reset_to }], status, { param: 'reset_to' })
    expect(await info(key)).toMatchObject({ spend: COST })
  })
})
