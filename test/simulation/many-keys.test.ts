import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

const CHILD = 'test/simulation/many-keys.ts'
const HEAP_MAX_BYTES = 32 * 1024 * 1024

interface Heap {
  readonly opened: number
  readonly used: number
  readonly woken: number
  readonly scopes: number
}

/**
 * What is measured: V8's heap in a Node process of its own, after collections, minus that of a
 * ledger without anything. Its SQLite is outside of the heap, as an object's is.
 */
it(
  'a ledger of 100,000 keys of which 1,000 call, limited per minute, keeps to 32 MB',
  { timeout: 60_000 },
  () => {
    const args = ['--expose-gc', '--no-warnings', CHILD]
    const heap: Heap = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
    for (const step of ['opened', 'used', 'woken'] as const) {
      expect(heap[step], `${step}: ${JSON.stringify(heap)}`).toBeLessThan(HEAP_MAX_BYTES)
    }
    expect(heap.scopes).toBeLessThan(2_000)
  },
)
