import { describe, expect, it } from 'vitest'
import { get, newKey, newTeam, post, chat } from '../setup/worker.ts'
import { COST, expectRefusal, spend } from './tenant.ts'

interface Credited {
  readonly spend: number
  readonly max_budget: number
}

const credit = (path: string, amount: number, id?: string) =>
  post<Credited>(`${path}/credit`, { amount, ...(id && { id }) })
const spent = async (team_id: string): Promise<number> =>
  (await get<{ team_info: { spend: number } }>(`/team/info?team_id=${team_id}`)).team_info.spend

describe('a prepaid budget', () => {
  it('of a team lasts as long as it is topped up, beyond what was spent', async () => {
    const { team_id } = await newTeam({ max_budget: 0 })
    const key = await newKey({ team_id })
    expect((await chat(key)).status).toBe(400)
    expect(await credit(`/team/${team_id}`, 2 * COST)).toMatchObject({
      spend: -2 * COST,
      max_budget: 0,
    })
    await spend(key)
    await spend(key)
    expect((await chat(key)).status).toBe(400)
    expect(await credit(`/team/${team_id}`, COST)).toMatchObject({ spend: -COST })
    await spend(key)
    expect(await spent(team_id)).toBe(0)
  })

  it('of a key lowers what the key spent, and nothing of its team', async () => {
    const { team_id } = await newTeam()
    const key = await newKey({ team_id, max_budget: COST })
    await spend(key)
    expect((await chat(key)).status).toBe(400)
    expect(await credit(`/key/${key}`, COST)).toMatchObject({ spend: 0 })
    await spend(key)
    expect(await spent(team_id)).toBeCloseTo(2 * COST, 12)
  })

  it.each([
    ['before its first call', false],
    ['after it', true],
  ])('is credited once for one id, %s', async (_name, hasCalled) => {
    const { team_id } = await newTeam({ max_budget: 1 })
    const key = await newKey({ team_id })
    if (hasCalled) await spend(key)
    const before = await spent(team_id)
    const id = crypto.randomUUID()
    await Promise.all(Array.from({ length: 5 }, () => credit(`/team/${team_id}`, 0.25, id)))
    expect(await spent(team_id)).toBeCloseTo(before - 0.25, 12)
    await credit(`/team/${team_id}`, 0.25, crypto.randomUUID())
    await spend(key)
    expect(await spent(team_id)).toBeCloseTo(before - 0.5 + COST, 12)
    await credit(`/team/${team_id}`, 0.25, id)
    expect(await spent(team_id)).toBeCloseTo(before - 0.5 + COST, 12)
  })

  it.each([
    ['before its first call', false],
    ['after it', true],
  ])('is credited by an id that another one’s credit has, too, %s', async (_name, hasCalled) => {
    const { team_id } = await newTeam({ max_budget: 1 })
    const key = await newKey({ team_id, max_budget: 1 })
    const other = await newKey({ team_id, max_budget: 1 })
    const cost = hasCalled ? await spend(key).then(() => COST) : 0
    const id = crypto.randomUUID()
    for (let repeat = 0; repeat < 2; repeat++) {
      const [ofTeam, ofKey, ofOther] = [
        await credit(`/team/${team_id}`, 0.25, id),
        await credit(`/key/${key}`, 0.5, id),
        await credit(`/key/${other}`, 0.125, id),
      ]
      expect(ofTeam.spend).toBeCloseTo(cost - 0.25, 12)
      expect(ofKey.spend).toBeCloseTo(cost - 0.5, 12)
      expect(ofOther.spend).toBeCloseTo(-0.125, 12)
    }
    expect(await spent(team_id)).toBeCloseTo(cost - 0.25, 12)
  })

  it('that was topped up before its first call is so in its ledger', async () => {
    const { team_id } = await newTeam({ max_budget: 0 })
    const key = await newKey({ team_id, max_budget: 0 })
    await credit(`/team/${team_id}`, COST)
    await credit(`/key/${key}`, COST)
    await spend(key)
    expect((await chat(key)).status).toBe(400)
    expect(await spent(team_id)).toBe(0)
  })
})

describe('a credit is refused', () => {
  it.each([
    [{}, 400],
    [{ amount: 0 }, 400],
    [{ amount: -1 }, 400],
    [{ amount: 'much' }, 422],
  ])('for %j', async (body, status) => {
    const { team_id } = await newTeam({ max_budget: 1 })
    await expectRefusal([`/team/${team_id}/credit`, body], status, { param: 'amount' })
  })

  it.each([
    ['that resets by itself', { max_budget: 1, budget_duration: '1d' }],
    ['without a limit', {}],
  ])('for a budget %s', async (_name, fields) => {
    const { team_id } = await newTeam(fields)
    const key = await newKey(fields)
    for (const path of [`/team/${team_id}`, `/key/${key}`]) {
      await expectRefusal([`${path}/credit`, { amount: 1 }], 400, { param: 'amount' })
    }
  })

  it('for nobody', async () => {
    await expectRefusal(['/team/nobody/credit', { amount: 1 }], 404, {})
    await expectRefusal(['/key/sk-nobody/credit', { amount: 1 }], 404, {})
  })
})
