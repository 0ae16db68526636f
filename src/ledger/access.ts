const ALL = new Set(['*', 'all-proxy-models'])

/** Names, `all-proxy-models`, and patterns such as `openai/*`; an empty list allows all. */
export function isAllowed(models: readonly string[], model: string): boolean {
  if (models.length === 0) return true
  return models.some((allowed) => {
    // The team's list decides, and it is asked too.
    if (ALL.has(allowed) || allowed === 'all-team-models') return true
    return isNamed(allowed, model)
  })
}

/** Whether a name, or a pattern with `*` in it, means this model. */
export function isNamed(pattern: string, model: string): boolean {
  if (!pattern.includes('*')) return pattern === model
  const literals = pattern.split('*').map((literal) => RegExp.escape(literal))
  return new RegExp(`^${literals.join('.*')}$`, 's').test(model)
}
