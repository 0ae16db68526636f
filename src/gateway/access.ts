import { ApiError } from '../errors.ts'
import type { PolicyRow } from '../ledger/types.ts'

const ALL = new Set(['*', 'all-proxy-models'])

/** Whether every row's model list lets the model through. Throws LiteLLM's 403. */
export function checkModelAccess(rows: readonly PolicyRow[], model: string): void {
  for (const row of rows) {
    if (isAllowed(row.models, model)) continue
    const scope = row.kind === 'key' ? 'key' : row.id.slice(0, row.id.indexOf(':'))
    throw new ApiError(
      403,
      `${scope} not allowed to access model. This ${scope} can only access ` +
        `models=${pythonList(row.models)}. Tried to access ${model}`,
      { type: `${scope}_model_access_denied`, param: 'model' },
    )
  }
}

/** Names, `all-proxy-models`, and patterns such as `openai/*`; an empty list allows all. */
export function isAllowed(models: readonly string[], model: string): boolean {
  if (models.length === 0) return true
  return models.some((allowed) => {
    // The team's list decides, and it is asked too.
    if (ALL.has(allowed) || allowed === 'all-team-models') return true
    return allowed.includes('*') ? matches(allowed, model) : allowed === model
  })
}

function matches(pattern: string, model: string): boolean {
  const literals = pattern.split('*').map((literal) => RegExp.escape(literal))
  return new RegExp(`^${literals.join('.*')}$`, 's').test(model)
}

function pythonList(items: readonly string[]): string {
  return `[${items.map((item) => `'${item}'`).join(', ')}]`
}
