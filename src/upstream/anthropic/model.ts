/** `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet-latest`, `anthropic/claude-opus-4.6` */
const CLAUDE = /claude-(?:[a-z]+-)?(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/

/** What a model takes, as far as its name tells. */
export interface Abilities {
  /** How it is asked to think: as much as it finds right, within a budget, or not at all. */
  readonly thinking: 'adaptive' | 'budget' | 'none'
  /** Knows the effort `xhigh`. */
  readonly xhigh: boolean
  /** Refuses a temperature, `top_p` and `top_k` of the client's own. */
  readonly fixedSampling: boolean
  /** Can be held to the schema of a tool. */
  readonly strictTools: boolean
}

/** A model whose version its name does not tell is taken as one that thinks within a budget. */
export function abilitiesOf(model: string): Abilities {
  const match = CLAUDE.exec(model)
  // 4.5 is 405.
  const version = match ? Number(match[1]) * 100 + Number(match[2] ?? 0) : 400
  return {
    thinking: version >= 406 ? 'adaptive' : version >= 307 ? 'budget' : 'none',
    xhigh: version >= 407,
    fixedSampling: version >= 407,
    strictTools: version >= 405,
  }
}
