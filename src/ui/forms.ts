import type { Context } from 'hono'
import { ApiProblem } from './api.ts'
import type { Filled } from './parts/fields.tsx'

const VALUE_MAX_LENGTH = 10_000
const NUMBER = /^\d*\.?\d+(?:e-?\d+)?$/i
/** What the API takes as numbers; anything else that is typed there is its to refuse. */
const NUMERIC = new Set([
  'temp_budget_increase',
  'max_budget',
  'max_budget_in_team',
  'team_member_budget',
  'tpm_limit',
  'rpm_limit',
])
const LISTS = new Set(['models'])

/** The fields of a form that were filled in, as text. */
export async function valuesOf(
  c: Context,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const form = await c.req.parseBody()
  const known = names.map((name) => {
    const value = form[name]
    return [name, typeof value === 'string' ? value.trim().slice(0, VALUE_MAX_LENGTH) : ''] as const
  })
  return Object.fromEntries(known.filter(([, value]) => value !== ''))
}

/** The same as the API takes it. */
export function bodyOf(values: Readonly<Record<string, string>>): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]) => {
    if (LISTS.has(name)) return [name, value.split(',').map((item) => item.trim())] as const
    return [name, NUMERIC.has(name) && NUMBER.test(value) ? Number(value) : value] as const
  })
  return Object.fromEntries(entries)
}

/** The form as it was sent, with what the API said against it. Throws what is no refusal. */
export function refused(values: Filled['values'], error: unknown): Filled {
  if (!(error instanceof ApiProblem) || error.status >= 500) throw error
  const { field, message } = error
  // The API names the field before it says what is wrong with it; here it stands below the field.
  const prefix = `${field}: `
  const said = message.startsWith(prefix) ? message.slice(prefix.length) : message
  return { values, problem: { field, message: said } }
}
