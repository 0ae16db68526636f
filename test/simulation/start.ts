import type { AccountRef } from '../../src/db/accounts.ts'

/** When every simulation begins, and whose ledgers it is about. */
export const T0 = Date.UTC(2026, 9, 1, 12)
export const TEAMS = ['a', 'b'] as const
export const MODELS = ['m', 'n'] as const

export function refOf(teamId: string): AccountRef {
  return { accountId: `team:${teamId}`, generation: 1 }
}

/** Whether limits for this name or pattern are for calls of this model. */
export function isFor(pattern: string, model: string): boolean {
  return pattern === '*' || pattern === model || (pattern === 'n*' && model === 'n')
}
