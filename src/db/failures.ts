import { NeonDbError } from '@neondatabase/serverless'
import { DrizzleQueryError } from 'drizzle-orm'

/** The name of the unique constraint that a write ran into, or null if it failed otherwise. */
export function violatedConstraint(error: unknown): string | null {
  const cause = databaseError(error)
  return cause?.code === '23505' ? (cause.constraint ?? '') : null
}

/** Whether a write was refused for a value that its own condition left out. */
export function isConditionRefused(error: unknown): boolean {
  return databaseError(error)?.code === '23502'
}

/** Connection trouble, no room, shutting down, a deadlock or a lost race: the same may work later. */
const TRANSIENT = /^(08|53|57P|40001|40P01|55P03)/

/** Whether Postgres gave no verdict: it was away, slow or broke off. The write may have happened. */
export function isDatabaseDown(error: unknown): boolean {
  const cause = databaseError(error)
  if (!cause) return isBrokenOff(error)
  return cause.code === undefined || TRANSIENT.test(cause.code)
}

/** Whether Postgres looked at the statement's values and said no: sending them again is no use. */
export function isRefusedByDatabase(error: unknown): boolean {
  const code = databaseError(error)?.code
  return code !== undefined && !TRANSIENT.test(code)
}

/** What ends an answer after its headers is no error of the driver's; of a batch it is not wrapped. */
function isBrokenOff(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DrizzleQueryError || cause.name === 'TimeoutError') return true
  }
  return false
}

function databaseError(error: unknown): NeonDbError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NeonDbError) return cause
  }
  return null
}
