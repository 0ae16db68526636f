import { describe, expect, it } from 'vitest'
import type { Actor } from '../../../src/auth/actor.ts'
import { requireKeyMaker, requireKeyWriter } from '../../../src/management/access/keys.ts'
import { db } from '../../setup/database.ts'
import { addMember, newPerson, staffedTeam } from '../people.ts'

const askingAs = (userId: string) => {
  const actor: Actor = {
    by: userId,
    role: 'internal_user',
    userId,
    key: null,
    apiKey: null,
    teamIds: [],
  }
  return { db, actor, path: '/key/generate' }
}

/** Who comes into a team by making it, or is added by its admin. */
const MIGHTY = ['default_user_id', 'proxy_admin', 'proxy_admin_viewer']

describe("a team's admin", () => {
  it.each(MIGHTY)('gets no key that acts for a %s in the team', async (who) => {
    const { team_id, admin } = await staffedTeam()
    const userId = who === 'default_user_id' ? who : (await newPerson(who)).user_id
    if (who !== 'default_user_id') await addMember(team_id, userId, 'admin')
    const asking = askingAs(admin.user_id)
    const message = `Only proxy admins may make or change keys of user_id=${userId}`
    const owner = { teamId: team_id, userId }
    await expect(requireKeyMaker(asking, owner, '/key/generate')).rejects.toThrow(message)
    const key = { token: 'hash', ...owner }
    await expect(requireKeyWriter(asking, key, '/key/regenerate')).rejects.toThrow(message)
  })

  it('makes and changes those of members, and of nobody', async () => {
    const { team_id, admin, member } = await staffedTeam()
    const asking = askingAs(admin.user_id)
    for (const userId of [member.user_id, admin.user_id, null]) {
      const owner = { teamId: team_id, userId }
      expect(await requireKeyMaker(asking, owner, '/key/generate')).toBe(true)
      const key = { token: 'hash', ...owner }
      expect(await requireKeyWriter(asking, key, '/key/update')).toBe(true)
    }
  })
})
