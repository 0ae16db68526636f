import { z } from 'zod'
import { checkSpan, day, wanted, numberUpTo } from '../spend/fields.ts'

/** Of a list by what cost most. */
export const LIMIT_MAX = 1_000

const days = { start_date: day.optional(), end_date: day.optional() }

/** Without dates, the last 30 days. */
export const GlobalQuery = z
  .object({ ...days, limit: numberUpTo(LIMIT_MAX, 100), api_key: wanted })
  .superRefine(checkSpan)

export type GlobalInput = z.infer<typeof GlobalQuery>
