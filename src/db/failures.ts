import { NeonDbError } from '@neondatabase/serverless'

/** The name of the unique constraint that a write ran into, or null if it failed otherwise. */
export function violatedConstraint(error: unknown): string | null {
  const cause = databaseError(error)
  return cause?.code === '23505' ? (cause.constraint ?? '') : null
}

/** Whether Postgres gave no verdict: it was away, slow or broke off. The write may have happened. */
export function isDatabaseDown(error: unknown): boolean {
  const cause = databaseError(error)
  return cause !== null && cause.code === undefined
}

function databaseError(error: unknown): NeonDbError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NeonDbError) return cause
  }
  return null
}
