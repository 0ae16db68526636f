import {
  cacheOf,
  type Fields,
  fieldsAt,
  fieldsOf,
  listAt,
  textAt,
  unsupported,
  wrong,
} from './fields.ts'

/** Anthropic's own tools carry the date of their version. */
const NATIVE_TOOL = /_20\d{6}$/

/** `tools`, `tool_choice` and `parallel_tool_calls` in Anthropic's words. */
export function toolFields(
  body: Fields,
  { strictTools }: { readonly strictTools: boolean },
): Fields {
  const tools = listAt(body['tools'] ?? [], 'tools').map((tool, i) =>
    toTool(fieldsAt(tool, `tools[${i}]`), { at: `tools[${i}]`, strictTools }),
  )
  if (tools.length === 0) return {}
  const choice = toolChoice(body['tool_choice'])
  const isSerial = body['parallel_tool_calls'] === false && choice?.['type'] !== 'none'
  const serial = isSerial ? { disable_parallel_tool_use: true } : {}
  if (!choice && !isSerial) return { tools }
  return { tools, tool_choice: { ...(choice ?? { type: 'auto' }), ...serial } }
}

function toTool(
  tool: Fields,
  { at, strictTools }: { readonly at: string; readonly strictTools: boolean },
): Fields {
  const type = textAt(tool['type'], `${at}.type`)
  if (type !== 'function') {
    if (!NATIVE_TOOL.test(type)) throw unsupported(`${at}.type`, `"${type.slice(0, 40)}" tools`)
    return tool
  }
  const { name, description, parameters, strict } = fieldsAt(tool['function'], `${at}.function`)
  const schema = parameters == null ? {} : fieldsAt(parameters, `${at}.function.parameters`)
  return {
    name: textAt(name, `${at}.function.name`),
    ...(description != null && {
      description: textAt(description, `${at}.function.description`),
    }),
    input_schema: { type: 'object', ...(parameters == null && { properties: {} }), ...schema },
    ...(strict === true && strictTools && { strict }),
    ...cacheOf(tool['cache_control'] == null ? fieldsOf(tool['function']) : tool),
  }
}

function toolChoice(value: unknown): Fields | null {
  if (value === undefined || value === null) return null
  if (value === 'auto' || value === 'none') return { type: value }
  if (value === 'required') return { type: 'any' }
  const choice = typeof value === 'string' ? {} : fieldsAt(value, 'tool_choice')
  if (choice['type'] !== 'function') {
    throw wrong('tool_choice', 'auto, none, required or {type: function, function: {name}}')
  }
  const named = fieldsAt(choice['function'], 'tool_choice.function')
  return { type: 'tool', name: textAt(named['name'], 'tool_choice.function.name') }
}
