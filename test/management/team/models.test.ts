import { describe, expect, it } from 'vitest'
import { chat, newKey, newTeam, post } from '../../setup/worker.ts'
import { expectRefusal, spentTeam, untold } from '../tenant.ts'

interface Row {
  readonly team_id: string
  readonly models: readonly string[]
}

const add = (team_id: string, models: string[]): Promise<Row> =>
  post('/team/model/add', { team_id, models })
const remove = (team_id: string, models: string[]): Promise<Row> =>
  post('/team/model/delete', { team_id, models })

describe('/team/model/add', () => {
  it('adds names once, in their order, and answers with the team', async () => {
    const { team_id } = await newTeam({ models: ['b', 'a'] })
    expect(await add(team_id, ['c', 'a', 'c'])).toMatchObject({ team_id, models: ['b', 'a', 'c'] })
    expect((await add(team_id, ['c'])).models).toEqual(['b', 'a', 'c'])
    expect((await add(team_id, [])).models).toEqual(['b', 'a', 'c'])
  })

  it('binds the next call', async () => {
    const { team_id, key } = await spentTeam()
    await post('/team/update', { team_id, models: ['other'] })
    expect((await chat(key)).status).toBe(403)
    await add(team_id, ['llama3'])
    expect((await chat(key)).status).toBe(200)
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it('keeps what everybody adds at the same time', async () => {
    const { team_id } = await newTeam()
    const names = Array.from({ length: 20 }, (_, i) => `m${i}`)
    await Promise.all(names.map((name) => add(team_id, [name])))
    const { models } = await add(team_id, [])
    expect(models.toSorted()).toEqual(names.toSorted())
  })

  it('stops at a thousand', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `m${i}`)
    const { team_id } = await newTeam({ models: names })
    const more = ['/team/model/add', { team_id, models: ['one more'] }] as const
    await expectRefusal(more, 400, { param: 'models' })
    expect((await add(team_id, ['m7'])).models).toHaveLength(1_000)
  })
})

describe('/team/model/delete', () => {
  it('takes names away, however often, and binds the next call', async () => {
    const { team_id, key } = await spentTeam({ models: ['other', 'llama3'] })
    for (let i = 0; i < 2; i++) {
      expect(await remove(team_id, ['llama3', 'unknown'])).toMatchObject({ models: ['other'] })
      expect((await chat(key)).status).toBe(403)
    }
    expect(await untold(`team:${team_id}`)).toEqual([])
  })

  it('leaves a team without models when the last one is gone, not with all of them', async () => {
    const { team_id, key } = await spentTeam({ models: ['llama3'] })
    for (let i = 0; i < 2; i++) {
      expect((await remove(team_id, ['llama3'])).models).toEqual(['no-default-models'])
      expect((await chat(key)).status).toBe(403)
    }
    expect((await remove(team_id, ['no-default-models'])).models).toEqual(['no-default-models'])
    await add(team_id, ['llama3'])
    expect((await chat(key)).status).toBe(200)
  })

  it('leaves a team that may call all as it is', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id })
    expect((await remove(team_id, ['llama3'])).models).toEqual([])
    expect((await chat(key)).status).toBe(200)
  })
})

describe('both', () => {
  it.each(['add', 'delete'])('refuse what makes no sense: %s', async (verb) => {
    const path = `/team/model/${verb}`
    const { team_id } = await newTeam({ models: ['a'] })
    const message = 'Team not found, passed team_id=nobody'
    await expectRefusal([path, { team_id: 'nobody', models: ['m'] }], 404, { message })
    await expectRefusal([path, { models: ['m'] }], 422, { param: 'team_id' })
    await expectRefusal([path, { team_id }], 422, { param: 'models' })
    await expectRefusal([path, { team_id, models: 'm' }], 422, { param: 'models' })
    await expectRefusal([path, { team_id, models: [''] }], 422, { param: 'models.0' })
    expect((await add(team_id, [])).models).toEqual(['a'])
  })
})
