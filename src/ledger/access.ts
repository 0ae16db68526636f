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

/** Whether a name, or a pattern with `*` in it, means this model. No pattern takes long. */
export function isNamed(pattern: string, model: string): boolean {
  const [opening = '', ...literals] = pattern.split('*')
  const ending = literals.pop()
  if (ending === undefined) return pattern === model
  if (!model.startsWith(opening)) return false
  let at = opening.length
  for (const literal of literals) {
    const found = model.indexOf(literal, at)
    if (found < 0) return false
    at = found + literal.length
  }
  return model.length - ending.length >= at && model.endsWith(ending)
}
