import { afterAll, beforeAll, expect, it } from 'vitest'
import { costOf, usd } from './amounts.ts'
import { eventually } from './eventually.ts'
import { expectLogRows, landedCost, startFlight } from './flight.ts'
import type { Flown } from './flight.ts'
import { mark, startStack } from './harness.ts'
import type { Stack } from './harness.ts'
import { isLong } from './long.ts'
import { startMortalPostgres } from './mortal-postgres.ts'
import type { MortalPostgres } from './mortal-postgres.ts'
import { ageDeliveries, isAwake, passDeadlines, ringAlarm } from './object-file.ts'
import { rawChat } from './raw-call.ts'

const ROUNDS = isLong ? 100 : 10
const ROUNDS_OF_EVERYTHING = isLong ? 10 : 1
const IN_FLIGHT = 50
const BILL = costOf([{ promptTokens: 20, completionTokens: 30 }])
/** Admits one call, whatever it costs. */
const ONE_CALL = { max_budget: 1e-9 }

let stack: Stack
let other: Stack
let tight: Stack
let mortal: Stack
let postgres: MortalPostgres
beforeAll(async () => {
  postgres = await startMortalPostgres()
  stack = await startStack()
  other = await startStack()
  tight = await startStack()
  mortal = await startStack('', postgres.url)
})
afterAll(async () => {
  await Promise.all([stack.close(), other.close(), tight.close(), mortal.close()])
  await postgres.close()
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

it.concurrent(
  'loses nothing and holds nobody up, however often it is killed with 50 calls in flight',
  { timeout: ROUNDS * 20_000 },
  async () => {
    const { teamId, keys } = await teamWithKeys(stack)
    const flown: Flown[] = []
    let spent = 0n
    let orphans = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { landed, airborne } = startFlight(stack, keys, IN_FLIGHT)
      await airborne
      await pause((round % 5) * 60)
      await stack.worker.kill('SIGKILL')
      flown.push(...(await landed))
      const cost = landedCost(stack, teamId, flown.slice(-IN_FLIGHT))
      spent += cost.pico
      orphans += cost.orphans
      expect(passDeadlines(stack.stateDir, `team:${teamId}`)).toBe(cost.orphans)
      // Half of the rounds find in the checkpoint what was delivered before.
      if (round % 2 === 1) ageDeliveries(stack.stateDir, `team:${teamId}`)
      ringAlarm(stack.stateDir, `team:${teamId}`)
      await stack.worker.restart()

      // A request, a read, or nothing but the alarm ends the orphans.
      if (round % 3 === 0) spent += await oneMore(stack, keys[0])
      if (round % 3 === 2) await expiredInPostgres(stack, teamId, orphans)
      expect(await standing(stack, teamId)).toEqual({ spend: usd(spent), held: 0 })
    }
    expect(orphans).toBeGreaterThanOrEqual(ROUNDS)
    expect(flown.filter(({ isComplete }) => isComplete).length).toBeGreaterThanOrEqual(ROUNDS)
    await stack.agreeOn(teamId, spent)
    expectLogRows(stack, await stack.logRows(teamId), flown)
  },
)

it.concurrent(
  'has in its books the last answer that a budget has room for, though it dies as the answer arrives',
  { timeout: ROUNDS * 20_000 },
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const word = mark()
      const tenants = await Promise.all(
        Array.from({ length: 6 }, () => eventually(() => tight.tenant(ONE_CALL))),
      )
      const model = `script/usage-20-30+delay-30ms+${word}`
      const stream = round % 2 === 1
      const end = stream ? 'data: [DONE]' : '"total_tokens"'
      const calls = await Promise.all(
        tenants.map(({ key }) => rawChat(tight.url, key, { model, stream })),
      )
      // The signal leaves in the turn in which the first answer is seen.
      await Promise.race(calls.map((call) => call.until(end)))
      await tight.worker.kill('SIGKILL')
      await tight.worker.restart()
      const answered = tenants.filter((_, i) => calls[i]?.seen().includes(end))
      expect(answered.length).toBeGreaterThan(0)
      for (const { teamId, key } of answered) {
        expect(await standing(tight, teamId)).toEqual({ spend: usd(BILL), held: 0 })
        expect((await tight.chat(key, 'script/gpt')).status).toBe(400)
      }
    }
  },
)

it.concurrent(
  'agrees with a Postgres that was killed at the same moment',
  { timeout: ROUNDS_OF_EVERYTHING * 60_000 },
  async () => {
    const { teamId, keys } = await teamWithKeys(mortal)
    const flown: Flown[] = []
    let spent = 0n
    for (let round = 0; round < ROUNDS_OF_EVERYTHING; round++) {
      spent += await oneMore(mortal, keys[0])
      await mortal.delivered(teamId, (await mortal.logRows(teamId)).length || 1)
      const { landed, airborne } = startFlight(mortal, keys, IN_FLIGHT)
      await airborne
      // By now the outbox is sending what has ended so far.
      await pause(1_000 + round * 20)
      await Promise.all([mortal.worker.kill('SIGKILL'), postgres.kill()])
      flown.push(...(await landed))
      const cost = landedCost(mortal, teamId, flown.slice(-IN_FLIGHT))
      expect(cost.orphans).toBeGreaterThan(0)
      spent += cost.pico
      passDeadlines(mortal.stateDir, `team:${teamId}`)
      ringAlarm(mortal.stateDir, `team:${teamId}`)
      await Promise.all([mortal.worker.restart(), postgres.start()])
      await mortal.agreeOn(teamId, spent)
      expectLogRows(mortal, await mortal.logRows(teamId), flown)
    }
  },
)

it.concurrent(
  'corrects an orphan whose call comes to its end after all, to exactly its bill',
  async () => {
    const word = mark()
    const { teamId, key } = await eventually(() => other.tenant({ max_budget: 1 }))
    const first = await oneMore(other, key)
    const ask = (words: string, more: object): Promise<number> =>
      other.chat(key, `script/${words}+${word}`, { max_tokens: 20, ...more }).then((a) => a.status)
    // Dearer than its hold, cheaper than it, and a stream.
    const calls = Promise.all([
      ask('usage-900-400+delay-24000ms', {}),
      ask('usage-1-1+delay-24000ms', {}),
      ask('usage-7-9+delay-24000ms', { stream: true }),
    ])
    await eventually(async () => {
      const asked = other.provider.requests.filter(({ body }) => body.includes(word))
      expect(asked).toHaveLength(3)
    })
    // An idle ledger leaves memory, and its file may be opened beside workerd.
    await eventually(() => {
      expect(isAwake(other.stateDir, `team:${teamId}`, other.worker.pid)).toBe(false)
    })
    expect(passDeadlines(other.stateDir, `team:${teamId}`)).toBe(3)
    const { spend, held } = await other.ledgerSpend(teamId)
    expect(held).toBe(0)
    expect(spend).toBeGreaterThan(usd(first))
    expect(other.bills(word)).toEqual([])

    expect(await calls).toEqual([200, 200, 200])
    await other.agreeOn(teamId, () => first + costOf(other.bills(word)))
    const [, ...rows] = await other.delivered(teamId, 7)
    expect(rows.map((row) => [row['revision'], row['state']])).toEqual(
      [1, 2, 3].flatMap(() => [
        ['0', 'expired'],
        ['1', 'settled'],
      ]),
    )
    for (const bill of other.bills(word)) {
      const name = `script/${bill.model}`
      const ofCall = rows.filter((row) => row['model_group'] === name)
      const sum = ofCall.reduce((total, row) => total + BigInt(row['spend_pico'] ?? 0), 0n)
      expect([name, sum]).toEqual([name, costOf([bill])])
      expect(ofCall[1]?.['response_id']).toBe(bill.id)
    }
  },
)

async function teamWithKeys(one: Stack): Promise<{ teamId: string; keys: [string, ...string[]] }> {
  const { teamId, key } = await eventually(() => one.tenant({ max_budget: 1 }))
  const more = await Promise.all(
    [1, 2, 3].map(() => eventually(() => one.newKey({ team_id: teamId }))),
  )
  return { teamId, keys: [key, ...more] }
}

/** What the ledger says, at the first time that the Postgres of all these tests has time for it. */
function standing(one: Stack, teamId: string): Promise<{ spend: number; held: number }> {
  return eventually(() => one.ledgerSpend(teamId))
}

async function oneMore(one: Stack, key: string): Promise<bigint> {
  const word = mark()
  await eventually(async () => {
    expect((await one.chat(key, `script/usage-3-4+${word}`)).status).toBe(200)
  })
  return costOf(one.bills(word))
}

async function expiredInPostgres(one: Stack, teamId: string, count: number): Promise<void> {
  await eventually(async () => {
    const rows = await one.logRows(teamId)
    expect(rows.filter((row) => row['state'] === 'expired')).toHaveLength(count)
  })
}
