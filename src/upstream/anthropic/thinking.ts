import { type Fields, fieldsAt, fieldsOf, wrong } from './fields.ts'
import type { Turn } from './messages.ts'
import type { Abilities } from './model.ts'

/** LiteLLM's budgets for models that are given one. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
}
const BUDGET_MIN = 1024

interface Asked {
  readonly abilities: Abilities
  readonly messages: readonly Turn[]
  readonly toolChoice: unknown
}

/** `thinking` and the effort. The client's own `thinking` goes before its `reasoning_effort`. */
export function thinkingFields(body: Fields, asked: Asked): Fields {
  const { thinking, reasoning_effort: effort } = body
  if (thinking != null) return { thinking: fieldsAt(thinking, 'thinking') }
  if (effort === undefined || effort === null || effort === 'none') return {}
  const budget = typeof effort === 'string' ? BUDGETS[effort] : undefined
  if (budget === undefined || typeof effort !== 'string') {
    throw wrong('reasoning_effort', `none, ${Object.keys(BUDGETS).join(', ')}`)
  }
  if (asked.abilities.thinking === 'adaptive') return adaptive(effort, asked)
  if (asked.abilities.thinking === 'none' || !mayThink(asked)) return {}
  return { thinking: { type: 'enabled', budget_tokens: budget } }
}

function adaptive(effort: string, { abilities, toolChoice }: Asked): Fields {
  const known = effort === 'minimal' ? 'low' : effort
  const level = known === 'xhigh' && !abilities.xhigh ? 'high' : known
  const thinks = isForced(toolChoice) ? {} : { thinking: { type: 'adaptive' } }
  return { ...thinks, output_config: { effort: level } }
}

/**
 * With a budget Anthropic refuses forced tools, and calls of tools that no thought precedes: what
 * clients of OpenAI send back, who never saw one. They get an answer without thoughts.
 */
function mayThink({ messages, toolChoice }: Asked): boolean {
  if (isForced(toolChoice)) return false
  const last = messages.findLast(({ role }) => role === 'assistant')?.content ?? []
  const callsTools = last.some(({ type }) => type === 'tool_use')
  return !callsTools || String(last[0]?.['type']).endsWith('thinking')
}

function isForced(toolChoice: unknown): boolean {
  return ['any', 'tool'].includes(String(fieldsOf(toolChoice)['type']))
}

/** Whether a request thinks: its sampling is then fixed. */
export function isThinking({ thinking }: Fields): boolean {
  return ['enabled', 'adaptive'].includes(String(fieldsOf(thinking)['type']))
}

/** A budget has to be below `max_tokens`; one that would be too small is no thinking at all. */
export function fitThinking(body: Fields, maxTokens: number): Fields {
  const { thinking, ...rest } = body
  const { budget_tokens: budget } = fieldsOf(thinking)
  if (typeof budget !== 'number' || budget < maxTokens) return body
  if (maxTokens <= BUDGET_MIN) return rest
  return { ...body, thinking: { ...fieldsOf(thinking), budget_tokens: maxTokens - 1 } }
}
