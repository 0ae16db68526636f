import { asc, eq, or } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { auditLogs } from '../../drizzle/schema.ts'
import { sha256Hex } from '../../src/ids.ts'
import { db } from '../setup/database.ts'
import { call, MASTER, post } from '../setup/worker.ts'
import { newPerson, staffedTeam } from './people.ts'

/** What was written down about a team or a member, oldest first. */
function notes(teamId: string, userId = '') {
  return db
    .select()
    .from(auditLogs)
    .where(or(eq(auditLogs.objectId, teamId), eq(auditLogs.objectId, `${teamId}/${userId}`)))
    .orderBy(asc(auditLogs.updatedAt))
}

describe('the audit log', () => {
  it('has a team before and after, with who changed it by which key', async () => {
    const { team_id, admin } = await staffedTeam({ team_alias: 'before' })
    await post('/team/update', { team_id, team_alias: 'after' }, admin.key)
    await post('/team/model/add', { team_id, models: ['llama3'] }, admin.key)
    const [made, renamed, added, ...more] = await notes(team_id)
    expect(more).toEqual([])
    expect(made).toMatchObject({
      action: 'created',
      changedBy: 'default_user_id',
      beforeValue: null,
    })
    expect(renamed).toMatchObject({
      action: 'updated',
      tableName: 'LiteLLM_TeamTable',
      changedBy: admin.user_id,
      changedByApiKey: await sha256Hex(admin.key),
      beforeValue: { team_alias: 'before', models: [] },
      updatedValues: { team_alias: 'after', models: [] },
    })
    expect(added).toMatchObject({
      changedBy: admin.user_id,
      beforeValue: { models: [] },
      updatedValues: { models: ['llama3'] },
    })
  })

  it('has whom a proxy admin names, and still the key; anybody else is themselves', async () => {
    const { team_id, admin } = await staffedTeam()
    const headers = { 'litellm-changed-by': 'ann@example.com' }
    for (const [key, changedBy] of [
      [MASTER, 'ann@example.com'],
      [admin.key, admin.user_id],
    ] as const) {
      const body = { team_id, team_alias: `by ${changedBy}` }
      await call('POST', '/team/update', { key, body, headers })
      expect((await notes(team_id)).at(-1)).toMatchObject({
        changedBy,
        changedByApiKey: await sha256Hex(key),
        updatedValues: { team_alias: body.team_alias },
      })
    }
  })

  it('has each change of a member, from the first to the last', async () => {
    const { team_id, admin } = await staffedTeam()
    const { user_id } = await newPerson()
    const send = (path: string, fields: object) => post(path, { team_id, ...fields }, admin.key)
    await send('/team/bulk_member_add', { members: [{ role: 'user', user_id }] })
    await send('/team/member_update', { user_id, role: 'admin', max_budget_in_team: 2 })
    await send('/team/member_delete', { user_id })
    await send('/team/member_add', { member: { role: 'user', user_id } })
    const all = (await notes(team_id, user_id)).filter(({ objectId }) => objectId !== team_id)
    expect(all.map(({ action }) => action)).toEqual(['created', 'updated', 'deleted', 'created'])
    expect(all[1]).toMatchObject({
      tableName: 'LiteLLM_TeamMembership',
      objectId: `${team_id}/${user_id}`,
      changedBy: admin.user_id,
      changedByApiKey: await sha256Hex(admin.key),
      beforeValue: { role: 'user', max_budget: null },
      updatedValues: { role: 'admin', max_budget: 2 },
    })
    expect(all[2]).toMatchObject({ beforeValue: { role: 'admin' }, updatedValues: null })
  })

  it('has what a team admin resets of a member', async () => {
    const { team_id, admin, member } = await staffedTeam()
    const path = `/team/${team_id}/member/${member.user_id}/reset_spend`
    await post(path, { reset_to: 0 }, admin.key)
    expect((await notes(team_id, member.user_id)).at(-1)).toMatchObject({
      action: 'updated',
      changedBy: admin.user_id,
      objectId: `${team_id}/${member.user_id}`,
    })
  })

  it('has nothing of what was refused, and nothing of what changed nothing', async () => {
    const { team_id, admin, member } = await staffedTeam({ team_alias: 'same' })
    const before = await notes(team_id, member.user_id)
    for (const [key, path, fields] of [
      [member.key, '/team/update', { team_alias: 'mine' }],
      [admin.key, '/team/update', { max_budget: 1 }],
      [admin.key, '/team/member_update', { user_id: 'nobody', role: 'admin' }],
      [MASTER, '/team/update', { team_alias: 'same' }],
    ] as const) {
      await call('POST', path, { key, body: { team_id, ...fields } })
    }
    expect(await notes(team_id, member.user_id)).toEqual(before)
  })
})
