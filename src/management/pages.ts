import { z } from 'zod'

const PAGE_MAX = 1_000_000

/** The number of a page, or how much is on one. */
export function pageNumber(fallback: number, most = PAGE_MAX) {
  const wrong = { error: `expected a whole number from 1 to ${most}` }
  return z.coerce.number(wrong).int(wrong).min(1, wrong).max(most, wrong).default(fallback)
}
