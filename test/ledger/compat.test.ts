import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { entryId } from '../../src/ids.ts'
import { ledgerClient } from '../../src/ledger/client.ts'
import type { LedgerRpc } from '../../src/ledger/client.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { Opening } from '../../src/ledger/types.ts'
import { accountRow, admitted, budget, keyRow, opening, reserveOf, settleOf } from './build.ts'

/**
 * While a deploy rolls out, Workers and objects of two versions talk to each other: arguments and
 * answers only grow, and whoever does not know a field leaves it alone.
 */
const NEWER = { newer: { deeply: [1n, 'text'] }, newest: null } as const

function newer<T extends object>(value: T): T {
  return { ...value, ...NEWER }
}

function newLedger() {
  const id = crypto.randomUUID()
  const account = accountRow({ id: `team:${id}`, budgets: [budget(100n)] })
  const stub = env.LEDGER.getByName(`team:${id}:1`)
  return { stub, account, rows: [keyRow({ id }), account] as const }
}

const spentOf = (states: readonly { spentPico: bigint; heldPico: bigint }[] | null) =>
  states?.map(({ spentPico, heldPico }) => [spentPico, heldPico])

function newerRow(row: PolicyRow): PolicyRow {
  return newer({ ...row, budgets: row.budgets.map(newer), rates: newer(row.rates) })
}

it('leaves alone what a newer Worker says beyond what it knows', async () => {
  const { stub, account, rows } = newLedger()
  const told = rows.map(newerRow)
  const spends = [newer({ scope: 'account', budget: 'main', startMs: 0, spentPico: 9n })]
  await stub.open(newer(opening({ account: newerRow(account), spends, changed: [] })))
  const id = entryId(Date.now())
  admitted(await stub.reserve(newer(reserveOf(id, told, { expectedPico: 5n, detail: { a: 1 } }))))
  expect(await stub.renew(id, 6n)).toBe(true)
  await stub.settle(newer(settleOf(id, told, { chargePico: 7n })))
  await stub.tell([newer({ ...told[0]!, version: 2 })])
  expect(spentOf(await stub.read([newer({ ...told[0]!, version: 2 }), told[1]!]))).toEqual([
    [7n, 0n],
    [16n, 0n],
  ])
  const late = entryId(Date.now())
  const answer = await stub.reserve(reserveOf(late, rows))
  expect(answer).toMatchObject({ kind: 'stale', row: { version: 2 } })
})

it('does without what an older Worker does not say', async () => {
  const { stub, account, rows } = newLedger()
  const { epoch, spends } = opening()
  const older: Opening = { epoch, account, spends }
  await stub.open(older)
  const id = entryId(Date.now())
  admitted(await stub.reserve(reserveOf(id, rows, { expectedPico: 5n })))
  await stub.release(id, {})
  expect(spentOf(await stub.read(rows))).toEqual([
    [0n, 0n],
    [0n, 0n],
  ])
})

it('is read by an older Worker, whatever else its answers say', async () => {
  const { stub, account, rows } = newLedger()
  // A newer object: every answer has fields that this client never heard of.
  const methods = stub as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const rpc = new Proxy({} as LedgerRpc, {
    get:
      (_target, method: string) =>
      async (...args: unknown[]) => {
        const answer = await methods[method]!(...args)
        if (Array.isArray(answer)) return answer.map((item: object) => newer(item))
        return typeof answer === 'object' && answer !== null ? newer(answer) : answer
      },
  })
  const client = ledgerClient({
    rpc: () => rpc,
    loadOpening: () => Promise.resolve(opening({ account })),
    sleep: (ms) => scheduler.wait(ms),
    defer: (work) => void work.catch(() => undefined),
  })
  const id = entryId(Date.now())
  const answer = await client.reserve(reserveOf(id, rows, { expectedPico: 5n }))
  expect(answer).toMatchObject({ kind: 'admitted', tight: false })
  await client.renew(id, 6n)
  expect(spentOf(await client.settle(settleOf(id, rows, { chargePico: 7n })))).toEqual([
    [7n, 0n],
    [7n, 0n],
  ])
  await client.tell([{ ...rows[0], version: 2 }])
  expect(spentOf(await client.read(rows))).toEqual([
    [7n, 0n],
    [7n, 0n],
  ])
})
