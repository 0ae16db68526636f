import { expect, it } from 'vitest'
import { LookupLimit } from '../../src/auth/lookup-limit.ts'

const T0 = Date.UTC(2026, 9, 1)

it('allows 500 at once and 50 a second, though requests come in another order than they began', async () => {
  const limit = new LookupLimit(null)
  let allowed = 0
  for (let ms = 0; ms < 10_000; ms++) {
    // A request looks up what it could not find elsewhere up to 50 ms after it began.
    if (await limit.allows(T0 + ms - ((ms * 7_919) % 50))) allowed++
  }
  expect(allowed).toBeGreaterThan(900)
  expect(allowed).toBeLessThanOrEqual(500 + 10 * 50)
})

it('counts for nothing what is given back, and never allows more than 500 at once', async () => {
  const limit = new LookupLimit(null)
  for (let i = 0; i < 2_000; i++) {
    expect(await limit.allows(T0)).toBe(true)
    limit.refund()
  }
  limit.refund()
  let allowed = 0
  while (await limit.allows(T0)) allowed++
  expect(allowed).toBe(500)
})
