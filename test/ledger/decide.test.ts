import { describe, expect, it } from 'vitest'
import { LedgerCore } from '../../src/ledger/core.ts'
import { HOLD_MS } from '../../src/ledger/entries.ts'
import type { PolicyRow } from '../../src/ledger/policy.ts'
import type { ReserveRequest } from '../../src/ledger/types.ts'
import {
  accountRow,
  admitted,
  budget,
  idAt,
  keyRow,
  openLedger,
  rates,
  refused,
  reserveOf,
  seen,
  settleOf,
  T0,
} from './build.ts'
import { MemoryStore } from './memory-store.ts'

const ID = idAt(T0, 7)
const OUTPUT = { picoPerToken: 10n, tokens: 40, floorTokens: 10 }
const CALL = { expectedPico: 7n, boundPico: 500n, output: OUTPUT, expectedTokens: 3 } as const

/** 100 spent with ten tokens, and 50 held by a call in flight. */
function used(): ReturnType<typeof openLedger> {
  const ledger = openLedger()
  const rows = [keyRow(), accountRow()]
  ledger.core.settle(settleOf(idAt(T0, 1), rows, { chargePico: 100n, tokens: 10 }), T0)
  admitted(ledger.core.reserve(reserveOf(idAt(T0, 2), rows, { expectedPico: 50n }), T0))
  return ledger
}

describe('what reserve would answer', () => {
  it.each<[string, Partial<PolicyRow>]>([
    ['is admitted', {}],
    ['fits', { budgets: [budget(1_000n)] }],
    ['is clamped', { budgets: [budget(400n)], enforcement: 'strict' }],
    ['is too large', { budgets: [budget(299n)], enforcement: 'strict' }],
    ['is observed', { budgets: [budget(100n)], enforcement: 'observe' }],
    ['is spent up', { budgets: [budget(100n)] }],
    ['is held', { budgets: [budget(150n)] }],
    ['is one too many', { rates: rates({ parallelRequests: 1 }) }],
    ['has requests left', { rates: rates({ requestsPerMinute: 5, tokensPerMinute: 20 }) }],
    ['has no tokens left', { rates: rates({ tokensPerMinute: 12 }) }],
    ['is blocked', { blocked: true }],
  ])('is what decide says of a call that %s', (_name, rest) => {
    const request = reserveOf(ID, [keyRow(), accountRow(rest)], CALL)
    const decision = used().core.decide(request, T0)
    if (decision.kind !== 'decided') throw new Error(decision.kind)
    const answer = used().core.reserve(request, T0)
    if (answer.kind === 'refused') {
      expect(decision.refusal).toEqual(answer.refusal)
      return
    }
    const { heldPico, outputTokens, wouldRefuse } = admitted(answer)
    const { refusal, holdPico, ...said } = decision
    expect([refusal, holdPico]).toEqual([null, heldPico])
    expect(said).toMatchObject({ outputTokens, wouldRefuse })
  })

  it('stands beside how everything stands without the call', () => {
    const row = accountRow({ budgets: [budget(1_000n)], rates: rates({ requestsPerMinute: 5 }) })
    expect(used().core.decide(reserveOf(ID, [row], CALL), T0)).toMatchObject({
      scopes: [{ scope: 'account', spentPico: 100n, heldPico: 50n, limitPico: 1_000n }],
      rates: [{ kind: 'account', requests: { limit: 5, remaining: 3 }, tokens: null }],
    })
  })

  it('is stale if the ledger was told a newer row, and unopened of a new ledger', () => {
    const { core } = used()
    const newer = keyRow({ version: 2 })
    core.tell(newer, T0)
    expect(core.decide(reserveOf(ID, [keyRow(), accountRow()]), T0)).toEqual({
      kind: 'stale',
      row: newer,
      rows: [newer],
    })
    const unopened = new LedgerCore(new MemoryStore()).decide(reserveOf(ID, []), T0)
    expect(unopened.kind).toBe('unopened')
  })
})

describe('a decision', () => {
  it('changes nothing', () => {
    const { core, store } = used()
    const rows = [keyRow(), accountRow({ rates: rates({ requestsPerMinute: 3 }) })]
    const before = [core.read(rows, T0), store.entries.size]
    const ask = (n: number): ReserveRequest => reserveOf(idAt(T0, n), rows, CALL)
    const first = core.decide(ask(7), T0)
    for (let n = 0; n < 5; n++) expect(core.decide(ask(7), T0)).toEqual(first)
    expect([core.read(rows, T0), store.entries.size]).toEqual(before)
    admitted(core.reserve(ask(7), T0))
    expect(refused(core.reserve(ask(8), T0)).reason).toBe('requests')
    expect(core.decide(ask(9), T0)).toMatchObject({ refusal: { reason: 'requests' } })
  })

  it('ends holds that are due, as any look does', () => {
    const { core } = used()
    core.decide(reserveOf(ID, [accountRow()], CALL), T0 + HOLD_MS)
    expect(seen(core, accountRow(), T0 + HOLD_MS)).toEqual([150n, 0n])
  })

  it('leaves the id free: the call itself is decided on when it comes', () => {
    const { core } = used()
    const request = reserveOf(ID, [accountRow()], CALL)
    core.decide(request, T0)
    core.settle(settleOf(ID, [accountRow()], { chargePico: 5n }), T0)
    expect(seen(core, accountRow(), T0)).toEqual([105n, 50n])
  })
})
