import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import { MONEY_MAX_USD } from '../money.ts'

const NAME_MAX_LENGTH = 256
export const NAMES_MAX = 1_000
const METADATA_MAX_BYTES = 64 * 1024

/** Text that is stored as it is; control characters (and NUL, which Postgres refuses) are not. */
export const cleanText = z
  .string()
  .max(NAME_MAX_LENGTH, { error: `expected at most ${NAME_MAX_LENGTH} characters`, abort: true })
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), { error: 'expected no control characters' })

export const name = cleanText.nullish()
export const id = cleanText.min(1, { error: 'expected a non-empty id' })

export const names = z
  .array(id)
  .max(NAMES_MAX, { error: `expected at most ${NAMES_MAX} items` })
  .nullish()

/** Text such as "30d"; LiteLLM's empty forms mean none. */
export const duration = z
  .string()
  .nullish()
  .transform((text) => (text === '' || text === 'none' || text === 'null' ? null : text))
  .refine((text) => text === null || text === undefined || parseDuration(text) !== null, {
    error: 'expected a duration such as "30s", "30m", "24h", "7d", "2w" or "1mo"',
  })

/** USD; null is unlimited, 0 blocks at once. An infinite number is a value out of range, not a type. */
const amount = z
  .union([z.number(), z.literal(Infinity), z.literal(-Infinity)], { error: 'expected a number' })
  .nullish()
  .superRefine((value, context) => {
    const problem = value === null || value === undefined ? null : moneyProblem(value)
    if (problem) context.addIssue({ code: 'custom', message: `${problem}. Received: ${value}` })
  })

export const money = z
  .preprocess(readNumber, amount)
  .meta({ type: ['number', 'null'], minimum: 0, description: 'USD' })

function moneyProblem(usd: number): string | null {
  if (usd < 0) return 'cannot be negative'
  return usd <= MONEY_MAX_USD ? null : 'must be a non-negative finite number'
}

const wholeNumber = z
  .int({ error: 'expected an integer' })
  .refine((value) => value >= 0, { error: 'expected a non-negative integer' })

export const count = z
  .preprocess(readNumber, wholeNumber.nullish())
  .meta({ type: ['integer', 'null'], minimum: 0 })

/** By model, each a whole number. */
export const modelCounts = z
  .record(id, z.preprocess(readNumber, wholeNumber), { error: 'expected an object' })
  .nullish()

/** Forms send numbers as text, and nothing as an empty one; LiteLLM takes both. */
export function readNumber(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value.trim() === '') return null
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : value
}

export const flag = z.boolean({ error: 'expected a boolean' }).nullish()

/** By alias, the model that it stands for. */
export const aliases = z.record(id, id, { error: 'expected an object' }).nullish()

export const metadata = z
  .looseObject(
    // LiteLLM's clients send these inside too.
    { model_rpm_limit: modelCounts, model_tpm_limit: modelCounts },
    { error: 'expected an object' },
  )
  .nullish()
  .refine((value) => JSON.stringify(value ?? {}).length <= METADATA_MAX_BYTES, {
    error: `expected at most ${METADATA_MAX_BYTES} bytes`,
  })
  .refine((value) => !/\\u(?:0000|d[89ab])/i.test(JSON.stringify(value ?? {})), {
    error: 'expected no NUL characters and no halves of characters',
  })
