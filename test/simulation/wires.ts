import type { LedgerClient, LedgerRpc } from '../../src/ledger/client.ts'
import type { ReserveAnswer } from '../../src/ledger/types.ts'
import type { Settle, Town } from './town.ts'

/** Writes down what is asked of ledgers. */
export function noticed(town: Town, rpc: LedgerRpc): LedgerRpc {
  const release: LedgerRpc['release'] = (id, detail) => {
    town.releasing.add(id)
    return rpc.release(id, detail)
  }
  return {
    release,
    open: (opening) => rpc.open(opening),
    reserve: (request) => rpc.reserve(request),
    renew: (id, seenPico) => {
      town.renewing.add(id)
      return rpc.renew(id, seenPico)
    },
    settle: (request) => rpc.settle(request),
    read: (rows) => rpc.read(rows),
    tell: (rows) => rpc.tell(rows),
    remember: (spend, version) => rpc.remember(spend, version),
    decide: (request) => rpc.decide(request),
    adjust: async (request) => {
      const { id } = request
      if (!town.adjusted.has(id)) town.adjusted.set(id, null)
      const answer = await rpc.adjust(request)
      if (answer.kind === 'adjusted') town.adjusted.set(id, answer.afterPico - answer.beforePico)
      return answer
    },
    leave: (key) => rpc.leave(key),
    arrive: (key, balance) => rpc.arrive(key, balance),
    flush: () => rpc.flush(),
    audit: () => rpc.audit(),
    findResponse: (responseId) => rpc.findResponse(responseId),
  }
}

/** Writes down what passes between the gateway and its ledger client. */
export function noted(town: Town, client: LedgerClient): LedgerClient {
  return {
    ...client,
    reserve: async (request): Promise<Exclude<ReserveAnswer, { kind: 'unopened' }>> => {
      const { life } = town.scheduler
      const { callId } = request.detail
      const failed = (error: unknown): never => {
        town.abandoned.set(request.id, life)
        throw error
      }
      const answer = await client.reserve(request).catch(failed)
      if (answer.kind === 'admitted') {
        town.admitted.set(request.id, String(callId))
        const { heldPico: pico, outputTokens } = answer
        town.holds.set(request.id, { pico, outputTokens })
      }
      return answer
    },
    settle: async (request) => {
      const startMs = town.scheduler.nowMs
      const settle: Settle = { pico: request.chargePico, acknowledged: false, triedMs: null }
      town.settles.set(request.id, settle)
      const answer = await client.settle(request)
      settle.acknowledged = answer !== null
      settle.triedMs = town.scheduler.nowMs - startMs
      return answer
    },
  }
}
