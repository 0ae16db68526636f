import { vi } from 'vitest'

const EVENTUALLY_MS = 20_000

/** Real time passes here: outboxes, windows and drains are waited for, but not for ever. */
export function eventually<T>(assert: () => T | Promise<T>, timeoutMs = EVENTUALLY_MS): Promise<T> {
  return vi.waitFor(assert, { timeout: timeoutMs, interval: 50 })
}
