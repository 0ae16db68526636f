import { describe, expect, it } from 'vitest'
import { ledgerClient, type LedgerRpc } from '../../src/ledger/client.ts'

/** A ledger whose every call fails. */
const lost = new Proxy({} as LedgerRpc, {
  get: () => () => Promise.reject(new Error('Network connection lost.')),
})

const client = ledgerClient({
  rpc: () => lost,
  loadOpening: async () => null,
  sleep: async () => undefined,
  defer: () => undefined,
})

describe('a ledger that cannot be reached', () => {
  it.each(['flush', 'audit'] as const)(
    'is a 503 with retry-after to who calls %s',
    async (name) => {
      await expect(client[name]()).rejects.toMatchObject({
        status: 503,
        headers: { 'retry-after': '1' },
      })
    },
  )
})
