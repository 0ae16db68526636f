import {
  type Fields,
  fieldsAt,
  fieldsOf,
  listAt,
  textAt,
  textOf,
  wrong,
} from '../anthropic/fields.ts'
import { onlyAnthropic } from './content.ts'
import { chatMessages } from './turns.ts'

/** The most that OpenAI takes as `user`. */
const USER_MAX_LENGTH = 64
/** From so many tokens of thought on, the effort is this. */
const EFFORT_BY_BUDGET = [
  [10_000, 'high'],
  [5_000, 'medium'],
  [0, 'low'],
] as const
const EFFORTS: ReadonlyMap<unknown, string> = new Map([
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'high'],
  ['max', 'high'],
])
/** What changes where or how a model runs, so that nobody else can do as asked. */
const ANTHROPIC_ONLY = ['mcp_servers', 'container', 'inference_geo', 'workspace_id'] as const

/**
 * A body of Anthropic's Messages API as one of OpenAI's chats. Throws a 400 that names the field if
 * it is none, or asks for what a chat does not have. `top_k`, `service_tier`, `cache_control` and
 * fields that nobody knows are left out.
 */
export function chatRequest(body: Fields, outputCap: string): Fields {
  const refused = ANTHROPIC_ONLY.find((name) => body[name] != null && !isEmptyList(body[name]))
  if (refused) throw onlyAnthropic(refused, `"${refused}"`)
  const { model, stream, max_tokens: maxTokens, temperature, top_p: topP } = body
  return {
    model,
    messages: chatMessages(body['system'], body['messages']),
    ...present({ [outputCap]: maxTokens, temperature, top_p: topP, stream }),
    ...stops(body['stop_sequences']),
    ...tools(body),
    ...effort(body),
    ...format(body),
    ...user(body['metadata']),
  }
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0

function stops(value: unknown): Fields {
  if (value == null) return {}
  const stop = listAt(value, 'stop_sequences').map((text, at) =>
    textAt(text, `stop_sequences.${at}`),
  )
  return stop.length > 0 ? { stop } : {}
}

function tools(body: Fields): Fields {
  if (body['tools'] == null) return {}
  const list = listAt(body['tools'], 'tools').map((item, at) => tool(item, `tools.${at}`))
  return list.length > 0 ? { tools: list, ...choice(body['tool_choice']) } : {}
}

function tool(item: unknown, path: string): Fields {
  const { type, name, description, input_schema: schema, strict } = fieldsAt(item, path)
  if (type != null && type !== 'custom') {
    throw onlyAnthropic(`${path}.type`, `the tool ${JSON.stringify(type).slice(0, 64)}`)
  }
  return {
    type: 'function',
    function: {
      name: textAt(name, `${path}.name`),
      ...present({ description, strict }),
      parameters: fieldsAt(schema, `${path}.input_schema`),
    },
  }
}

function choice(value: unknown): Fields {
  if (value == null) return {}
  const { type, name, disable_parallel_tool_use: isSingle } = fieldsAt(value, 'tool_choice')
  const single = isSingle === true ? { parallel_tool_calls: false } : {}
  if (type === 'auto' || type === 'none') return { tool_choice: type, ...single }
  if (type === 'any') return { tool_choice: 'required', ...single }
  if (type !== 'tool') throw wrong('tool_choice.type', '"auto", "any", "tool" or "none"')
  const named = { type: 'function', function: { name: textAt(name, 'tool_choice.name') } }
  return { tool_choice: named, ...single }
}

/** What was asked for by name counts, then how much thought was paid for. */
function effort({ thinking, output_config: config }: Fields): Fields {
  const { type, budget_tokens: budget } = thinking == null ? {} : fieldsAt(thinking, 'thinking')
  if (type === 'disabled') return {}
  const asked = fieldsOf(config)['effort']
  if (asked != null) {
    const known = EFFORTS.get(asked)
    if (known === undefined) throw wrong('output_config.effort', [...EFFORTS.keys()].join(', '))
    return { reasoning_effort: known }
  }
  if (type !== 'enabled') return {}
  if (typeof budget !== 'number') throw wrong('thinking.budget_tokens', 'a number')
  const [, level] = EFFORT_BY_BUDGET.find(([from]) => budget >= from) ?? EFFORT_BY_BUDGET[2]
  return { reasoning_effort: level }
}

/** `output_format` is what betas called it. */
function format({ output_config: config, output_format: beta }: Fields): Fields {
  const asked = (config == null ? null : fieldsAt(config, 'output_config')['format']) ?? beta
  if (asked == null) return {}
  const path = beta === asked ? 'output_format' : 'output_config.format'
  const { type, schema } = fieldsAt(asked, path)
  if (type !== 'json_schema') throw wrong(`${path}.type`, '"json_schema"')
  const json_schema = { name: 'answer', strict: true, schema: fieldsAt(schema, `${path}.schema`) }
  return { response_format: { type: 'json_schema', json_schema } }
}

function user(metadata: unknown): Fields {
  const id = textOf(fieldsOf(metadata)['user_id'])
  return id !== '' && id.length <= USER_MAX_LENGTH ? { user: id } : {}
}
