/** config.yaml cannot be used. Each problem is one line: the path, and what was expected there. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.map((problem) => `config.yaml: ${problem}`).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** What was found so far. Collected, so that one start tells everything that is wrong. */
export interface Findings {
  readonly problems: string[]
  readonly warnings: string[]
}

export type Path = readonly PropertyKey[]

/** model_list[2].litellm_params.model */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')
}

/** The kind of a value, never the value itself: it may be a secret. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return `a ${typeof value}`
}

/** The value itself, where it cannot be a secret. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'number' ? String(value) : describe(value)
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
