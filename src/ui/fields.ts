import type { FormField, Option } from './parts/form.tsx'

/** Fields that several nouns of the API have in common. */

const DURATIONS = ['1d', '7d', '30d', '1mo'] as const

const MODES: readonly Option[] = [
  ['', 'as configured'],
  ['headroom', 'headroom: the last call may pass it'],
  ['strict', 'strict: never past it'],
  ['observe', 'observe: only count'],
]

export const BUDGET: FormField = {
  name: 'max_budget',
  label: 'Budget in USD',
  hint: 'What may be spent in a period. Empty: no limit.',
  kind: 'usd',
}

export const PERIOD: FormField = {
  name: 'budget_duration',
  label: 'Period',
  hint: '1d, 7d, 30d, 1mo, …: then the budget is full again. Empty: for ever.',
  suggestions: DURATIONS,
}

export const WINDOWS: FormField = {
  name: 'budget_limits',
  label: 'Further budgets',
  hint: 'Beside the first: “1d 5, 7d 20” is 5 USD a day and 20 a week.',
  kind: 'windows',
}

export const ENFORCEMENT: FormField = {
  name: 'budget_enforcement',
  label: 'How strict',
  kind: 'choice',
  options: MODES,
}

export const RATES: readonly FormField[] = [
  { name: 'rpm_limit', label: 'Requests per minute', kind: 'count' },
  { name: 'tpm_limit', label: 'Tokens per minute', kind: 'count' },
  { name: 'max_parallel_requests', label: 'Calls at the same time', kind: 'count' },
]

export const INCREASE: readonly FormField[] = [
  { name: 'temp_budget_increase', label: 'More, in USD', kind: 'usd', required: true },
  { name: 'temp_budget_expiry', label: 'Until (on your clock)', kind: 'time', required: true },
]

export function modelsField(models: readonly string[], everything = 'all'): FormField {
  const some = models.slice(0, 3).join(', ')
  return {
    name: 'models',
    label: 'Models',
    hint: `Separated by commas. Empty: ${everything}${some && `, such as ${some}`}.`,
    kind: 'list',
  }
}
