import { describe, expect, it } from 'vitest'
import { get, newTeam, post } from '../../setup/worker.ts'
import { expectRefusal } from '../tenant.ts'

interface Permissions {
  readonly team_id: string
  readonly team_member_permissions: readonly string[]
  readonly all_available_permissions: readonly string[]
}

const DEFAULTS = ['/key/info', '/key/health']
const list = (team_id: string): Promise<Permissions> =>
  get(`/team/permissions_list?team_id=${team_id}`)
const set = (team_id: string, team_member_permissions: readonly string[]) =>
  post<Permissions>('/team/permissions_update', { team_id, team_member_permissions })

describe("a team's permissions", () => {
  it("are LiteLLM's until the team says otherwise", async () => {
    const made = await newTeam()
    const { team_id } = made
    // As LiteLLM shows them: nothing of its own.
    expect(made).toMatchObject({ team_member_permissions: [] })
    const all = await list(team_id)
    expect(all).toMatchObject({ team_id, team_member_permissions: DEFAULTS })
    expect(all.all_available_permissions).toEqual(
      expect.arrayContaining([...DEFAULTS, '/key/generate', '/key/list', '/key/regenerate']),
    )
  })

  it('are set each once, and given back by none', async () => {
    const { team_id } = await newTeam()
    const wanted = ['/key/generate', '/key/delete']
    const row = await set(team_id, [...wanted, '/key/generate'])
    expect(row).toMatchObject({ team_id, team_member_permissions: wanted })
    expect((await list(team_id)).team_member_permissions).toEqual(wanted)
    expect((await set(team_id, [])).team_member_permissions).toEqual([])
    expect((await list(team_id)).team_member_permissions).toEqual(DEFAULTS)
  })

  it.each([
    [['/key/everything'], 400, 'team_member_permissions.0'],
    [['/key/info', 'key/generate'], 400, 'team_member_permissions.1'],
    [['/team/delete'], 400, 'team_member_permissions.0'],
    [[7], 422, 'team_member_permissions.0'],
    ['/key/info', 422, 'team_member_permissions'],
    [Array.from({ length: 100 }, () => '/key/info'), 422, 'team_member_permissions'],
  ])('are never %j: %i', async (team_member_permissions, status, param) => {
    const { team_id } = await newTeam()
    for (const path of ['/team/permissions_update', '/team/update', '/team/new']) {
      const sent = path === '/team/new' ? {} : { team_id }
      await expectRefusal([path, { ...sent, team_member_permissions }], status, { param })
    }
    expect((await list(team_id)).team_member_permissions).toEqual(DEFAULTS)
  })

  it('are of a team that is there', async () => {
    const sent = { team_id: 'nobody', team_member_permissions: [] }
    await expectRefusal(['/team/permissions_update', sent], 404, { param: 'team_id' })
    await expectRefusal(['/team/permissions_update', { team_id: 'nobody' }], 422, {
      param: 'team_member_permissions',
    })
    await expect(list('nobody')).rejects.toThrow('404')
    await expect(get('/team/permissions_list')).rejects.toThrow('422')
  })
})
