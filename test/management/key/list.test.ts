import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/ids.ts'
import { call, get, MASTER, newKey, newTeam, post } from '../../setup/worker.ts'
import { ask, expectDone, expectRefused, memberOf, person, type Row } from './people.ts'

interface Listed<K = string> {
  readonly keys: readonly K[]
  readonly total_count: number
  readonly current_page: number
  readonly total_pages: number
}

const list = <K = string>(query: string, key = MASTER): Promise<Listed<K>> =>
  get(`/key/list?${query}`, key)

const theirs = async (key: string, query = '') => (await list(query, key)).keys

/** A team with some keys, the first one made first. */
async function teamKeys(count: number) {
  const { team_id } = await newTeam()
  const made: string[] = []
  for (let i = 0; i < count; i++) {
    made.push(await newKey({ team_id, key_alias: `k${i}-${team_id}`, max_budget: i + 1 }))
  }
  return { team_id, keys: made, hashes: await Promise.all(made.map(sha256Hex)) }
}

describe('/key/list', () => {
  it('has pages, the newest key first', async () => {
    const { team_id, hashes } = await teamKeys(3)
    const newest = hashes.toReversed()
    const first = { keys: newest.slice(0, 2), total_count: 3, current_page: 1, total_pages: 2 }
    expect(await list(`team_id=${team_id}&size=2`)).toEqual(first)
    const second = { keys: newest.slice(2), total_count: 3, current_page: 2, total_pages: 2 }
    expect(await list(`team_id=${team_id}&size=2&page=2`)).toEqual(second)
    expect((await list(`team_id=${team_id}&page=9`)).keys).toEqual([])
  })

  it('has ten keys on a page unless it is asked for more', async () => {
    const { team_id } = await teamKeys(11)
    expect((await list(`team_id=${team_id}`)).keys).toHaveLength(10)
    expect((await list(`team_id=${team_id}&size=100`)).keys).toHaveLength(11)
  })

  it('is filtered by alias, hash, user and organization', async () => {
    const { team_id, keys, hashes } = await teamKeys(2)
    const [hash] = hashes
    expect((await list(`key_alias=k0-${team_id}`)).keys).toEqual([hash])
    expect((await list(`key_hash=${hash}`)).keys).toEqual([hash])
    expect((await list(`key_hash=${keys[0]}`)).keys).toEqual([hash])
    expect((await list(`team_id=${team_id}&user_id=nobody`)).keys).toEqual([])
    expect(await list(`team_id=${team_id}&organization_id=o`)).toMatchObject({ total_count: 0 })
  })

  it('is sorted as it is asked to be', async () => {
    const { team_id, hashes } = await teamKeys(3)
    const sorted = async (by: string) => (await list(`team_id=${team_id}&${by}`)).keys
    expect(await sorted('sort_by=max_budget&sort_order=asc')).toEqual(hashes)
    expect(await sorted('sort_by=max_budget')).toEqual(hashes.toReversed())
    expect(await sorted('sort_by=key_alias&sort_order=asc')).toEqual(hashes)
    expect(await sorted('sort_by=token&sort_order=asc')).toEqual(hashes.toSorted())
  })

  it('has whole rows if it is asked for them, and never a key', async () => {
    const { budget_id } = await post<Row>('/budget/new', { max_budget: 3 })
    const { team_id } = await newTeam()
    const key = await newKey({ team_id, budget_id })
    const token = await sha256Hex(key)
    const answer = await list<Row>(`team_id=${team_id}&return_full_object=true`)
    expect(answer.keys).toMatchObject([
      { token, team_id, spend: 0, litellm_budget_table: { budget_id } },
    ])
    expect(JSON.stringify(answer)).not.toContain(key)
  })

  it('has deleted keys only where these are asked for', async () => {
    const { team_id, keys, hashes } = await teamKeys(2)
    await post('/key/delete', { keys: [keys[0]] })
    expect((await list(`team_id=${team_id}`)).keys).toEqual([hashes[1]])
    const deleted = await list<Row>(`team_id=${team_id}&status=deleted&return_full_object=true`)
    expect(deleted.keys).toMatchObject([
      { token: hashes[0], deleted_at: expect.stringMatching(/Z$/) },
    ])
  })

  it.each([
    ['page=0', 422, 'page'],
    ['page=x', 422, 'page'],
    ['size=0', 422, 'size'],
    ['size=101', 422, 'size'],
    ['return_full_object=maybe', 422, 'return_full_object'],
    ['sort_by=secrets', 400, 'sort_by'],
    ['sort_by=toString', 400, 'sort_by'],
    ['sort_order=up', 400, 'sort_order'],
    ['status=blocked', 400, 'status'],
  ])('refuses %s by name', async (query, status, param) => {
    await expectRefused(ask(MASTER, `/key/list?${query}`), status, { param })
  })

  it("shows users their own keys, and their teams' to team admins", async () => {
    const { team_id, hashes } = await teamKeys(2)
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    expect(await theirs(member.key)).toEqual([await sha256Hex(member.key)])
    expect(await theirs(member.key, 'include_team_keys=true')).toHaveLength(1)
    expect(await theirs(admin.key)).toEqual([await sha256Hex(admin.key)])
    expect(await theirs(admin.key, 'include_team_keys=true')).toEqual(
      expect.arrayContaining([...hashes, await sha256Hex(admin.key)]),
    )
    const ofTeam = `include_team_keys=true&team_id=${team_id}`
    expect(await theirs(admin.key, ofTeam)).toEqual(hashes.toReversed())
    expect(await theirs(member.key, ofTeam)).toEqual([])
    expect(await theirs(member.key, `key_hash=${hashes[0]}`)).toEqual([])
    expect(await theirs(member.key, `user_id=${member.user_id}`)).toHaveLength(1)
    const foreign = ask(member.key, `/key/list?user_id=${admin.user_id}`)
    await expectRefused(foreign, 403, { param: 'user_id' })
  })

  it('shows those that one made for others where these are asked for', async () => {
    const { team_id } = await newTeam()
    const [admin, member] = [await memberOf(team_id, 'admin'), await memberOf(team_id)]
    const fields = { team_id, user_id: member.user_id }
    const { token } = await post<Row>('/key/generate', fields, admin.key)
    const created = 'include_created_by_keys=true'
    expect((await list(created, admin.key)).keys).toContain(token)
    expect((await list('', admin.key)).keys).not.toContain(token)
    expect((await list(`${created}&user_id=${admin.user_id}`)).keys).toContain(token)
  })

  it('shows everything to viewers of everything, and nothing to keys of nobody', async () => {
    const { team_id, hashes } = await teamKeys(1)
    const viewer = await person('proxy_admin_viewer')
    expect((await list(`team_id=${team_id}`, viewer.key)).keys).toEqual(hashes)
    const own = await person('internal_user_viewer')
    expect((await list('', own.key)).keys).toEqual([await sha256Hex(own.key)])
    const nobody = await newKey({ team_id })
    await expectRefused(ask(nobody, '/key/list'), 403, { param: 'user_id' })
    await expectRefused(ask(nobody, '/key/aliases'), 403)
  })
})

describe('/key/aliases', () => {
  it('has the names of the keys that one may list, a page at a time', async () => {
    const { team_id } = await teamKeys(3)
    const admin = await memberOf(team_id, 'admin')
    const names = [0, 1, 2].map((i) => `k${i}-${team_id}`)
    expect(await get('/key/aliases', admin.key)).toMatchObject({ aliases: names, total_count: 3 })
    const found = await get(`/key/aliases?search=${team_id}&size=2&page=2`)
    expect(found).toMatchObject({ aliases: names.slice(2), current_page: 2, total_pages: 2 })
    expect(await get('/key/aliases?search=%25', admin.key)).toMatchObject({ aliases: [] })
    const member = await memberOf(team_id)
    expect(await get('/key/aliases', member.key)).toMatchObject({ aliases: [] })
    await expectRefused(ask(MASTER, '/key/aliases?size=1001'), 422, { param: 'size' })
  })
})

describe('/v2/key/info', () => {
  it('has the rows of several keys', async () => {
    const { team_id, keys, hashes } = await teamKeys(2)
    const asked = { keys: [keys[0], hashes[1], 'sk-unknown'] }
    const answer = await post<{ info: readonly Row[] }>('/v2/key/info', asked)
    expect(answer).toMatchObject({ key: asked.keys })
    expect(answer.info.map(({ token }) => token)).toEqual(hashes.toReversed())
    expect(answer.info).toMatchObject([{ team_id }, { team_id }])
    expect(JSON.stringify(answer.info)).not.toContain(keys[0])
    await expectRefused(ask(MASTER, '/v2/key/info', { keys: ['sk-unknown'] }), 404)
    await expectRefused(ask(MASTER, '/v2/key/info', { keys: [] }), 422, { param: 'keys' })
    const many = Array.from({ length: 101 }, (_, i) => `sk-${i}`)
    await expectRefused(ask(MASTER, '/v2/key/info', { keys: many }), 422, { param: 'keys' })
  })

  it('shows none if one of them is foreign', async () => {
    const [user, other] = [await person(), await person()]
    await expectDone(ask(user.key, '/v2/key/info', { keys: [user.key] }))
    await expectRefused(ask(user.key, '/v2/key/info', { keys: [user.key, other.key] }), 403)
    expect((await call('POST', '/v2/key/info', { body: { keys: [user.key] } })).status).toBe(401)
  })
})

describe('/key/health', () => {
  it('says that the key that asks can be used', async () => {
    const key = await newKey()
    const healthy = { key: 'healthy', logging_callbacks: null }
    expect(await post('/key/health', {}, key)).toEqual(healthy)
    await post('/key/block', { key })
    await expectRefused(ask(key, '/key/health', {}), 401)
  })
})

describe('/key/bulk_update', () => {
  interface Updated {
    readonly total_requested: number
    readonly successful_updates: readonly Row[]
    readonly failed_updates: readonly Row[]
  }

  it('changes each key by itself', async () => {
    const [key, other] = [await newKey(), await newKey()]
    const answer = await post<Updated>('/key/bulk_update', {
      keys: [
        { key, max_budget: 5 },
        { key: 'sk-unknown', max_budget: 5 },
        { key: other, max_budget: -1 },
        { key: other, tpm_limit: 5 },
        { key: other, guardrails: ['g'] },
      ],
    })
    expect(answer.total_requested).toBe(5)
    expect(answer.successful_updates).toMatchObject([
      { key, key_info: { max_budget: 5 } },
      { key: other, key_info: { tpm_limit: 5, max_budget: null } },
    ])
    expect(answer.failed_updates).toMatchObject([
      { key: 'sk-unknown', failed_reason: 'Key not found in database' },
      { key: other, failed_reason: expect.stringContaining('max_budget') },
      { key: other, failed_reason: expect.stringContaining('guardrails') },
    ])
  })

  it('changes the own keys of a user, and leaves those of others', async () => {
    const [user, other] = [await person(), await person()]
    const items = [user.key, other.key].map((key) => ({ key, metadata: { a: 1 } }))
    expect(await post('/key/bulk_update', { keys: items }, user.key)).toMatchObject({
      successful_updates: [{ key: user.key }],
      failed_updates: [{ key: other.key }],
    })
    expect(await get('/key/info', other.key)).toMatchObject({ info: { metadata: {} } })
  })

  it.each([
    [{ keys: [] }, 400],
    [{ keys: Array.from({ length: 501 }, () => ({ key: 'sk-x' })) }, 400],
    [{ keys: [{ max_budget: 1 }] }, 422],
    [{}, 422],
  ])('takes up to 500 keys that are named: case %#', async (body, status) => {
    await expectRefused(ask(MASTER, '/key/bulk_update', body), status)
  })
})
