import { env } from 'cloudflare:workers'
import { runInDurableObject } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { spendLogs } from '../../../drizzle/schema.ts'
import { findResponseMaker } from '../../../src/db/responses.ts'
import { db } from '../../setup/database.ts'
import { call, type ErrorBody, MASTER, newKey, newTeam } from '../../setup/worker.ts'

const respond = (key: string, fields: object = {}) =>
  call('POST', '/v1/responses', { key, body: { model: 'llama3', input: 'hi', ...fields } })

const idOf = async (answer: Response): Promise<string> => {
  expect(answer.status).toBe(200)
  return (await answer.json<{ id: string }>()).id
}

async function tenant() {
  const { team_id } = await newTeam({ max_budget: 1 })
  return { team: team_id, key: await newKey({ team_id }) }
}

async function refusal(answer: Response) {
  const { error } = await answer.json<ErrorBody>()
  return { status: answer.status, message: error.message, param: error.param }
}

const ledgerOf = (team: string) => env.LEDGER.getByName(`team:${team}:1`)

describe('who a response belongs to', () => {
  it('is known before and after Postgres hears of it', async () => {
    const { team, key } = await tenant()
    const id = await idOf(await respond(key))
    const found = await ledgerOf(team).findResponse(id)
    expect(found).toMatchObject({ modelGroup: 'llama3' })
    expect(await idOf(await respond(key, { previous_response_id: id }))).not.toBe(id)
    await ledgerOf(team).flush()
    const rows = await db.select().from(spendLogs).where(eq(spendLogs.responseId, id))
    expect(rows).toMatchObject([{ callType: 'aresponses', promptTokens: 10, completionTokens: 20 }])
    const account = { accountId: `team:${team}`, generation: 1 }
    expect(await findResponseMaker(db, id, account)).toEqual(found)
    expect(await findResponseMaker(db, id, { ...account, generation: 2 })).toBeNull()
    await runInDurableObject(ledgerOf(team), (_, state) => {
      state.storage.sql.exec('DELETE FROM entry')
    })
    expect(await ledgerOf(team).findResponse(id)).toBeNull()
    await idOf(await respond(key, { previous_response_id: id }))
  })

  it('is the same to others as one that never was', async () => {
    const [mine, theirs] = [await tenant(), await tenant()]
    const id = await idOf(await respond(mine.key))
    for (const isDelivered of [false, true]) {
      if (isDelivered) await ledgerOf(mine.team).flush()
      for (const asked of [id, 'resp_nothing']) {
        expect(
          await refusal(await respond(theirs.key, { previous_response_id: asked })),
        ).toMatchObject({ status: 404, message: `Previous response with id '${asked}' not found.` })
        const ways = [
          ['GET', ''],
          ['DELETE', ''],
          ['GET', '/input_items'],
          ['POST', '/cancel'],
        ] as const
        for (const [method, below] of ways) {
          const path = `/v1/responses/${asked}${below}`
          expect(await refusal(await call(method, path, { key: theirs.key }))).toMatchObject({
            status: 404,
            message: `Response with id '${asked}' not found.`,
          })
        }
      }
    }
    await idOf(await respond(MASTER, { previous_response_id: id }))
  })
})

describe('a response', () => {
  it.each([
    [{ background: true }, 'background'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ conversation: { id: 'conv_1' } }, 'conversation'],
    [{ previous_response_id: 5 }, 'previous_response_id'],
  ])('is refused with %j', async (fields, param) => {
    const { key } = await tenant()
    expect(await refusal(await respond(key, fields))).toMatchObject({ status: 400, param })
  })

  it('is streamed to its last event, with nulls that say nothing', async () => {
    const { key } = await tenant()
    const nothing = { background: false, conversation: null, previous_response_id: null }
    const answer = await respond(key, { stream: true, ...nothing })
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    expect(await answer.text()).toContain('event: response.completed\n')
  })
})
