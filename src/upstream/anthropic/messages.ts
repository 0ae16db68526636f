import {
  type Block,
  cacheOf,
  type Fields,
  fieldsAt,
  fieldsOf,
  listAt,
  listOf,
  textAt,
  textOf,
  unsupported,
  wrong,
} from './fields.ts'
import { contentBlocks, textContent } from './parts.ts'

export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: readonly Block[]
}

export interface Conversation {
  readonly system: readonly Block[]
  readonly messages: readonly Turn[]
}

/**
 * OpenAI's messages as Anthropic's: instructions apart, the rest in turns. Neighbours of one role
 * become one turn, because roles have to alternate, and a tool's results stand first in theirs.
 */
export function toConversation(value: unknown): Conversation {
  const system: Block[] = []
  const turns: { role: Turn['role']; content: Block[] }[] = []
  for (const [i, raw] of listAt(value, 'messages').entries()) {
    const at = `messages[${i}]`
    const message = fieldsAt(raw, at)
    const { role, blocks } = converted(message, at)
    if (role === 'system') system.push(...marked(blocks, message))
    else if (blocks.length > 0) {
      const content = marked(blocks, message)
      const last = turns.at(-1)
      if (last?.role === role) last.content.push(...content)
      else turns.push({ role, content })
    }
  }
  return { system, messages: turns.map((turn, i) => finished(turn, i === turns.length - 1)) }
}

interface Converted {
  readonly role: Turn['role'] | 'system'
  readonly blocks: Block[]
}

function converted(message: Fields, at: string): Converted {
  const role = textAt(message['role'], `${at}.role`)
  const { content } = message
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', blocks: textContent(content, `${at}.content`) }
    case 'user':
      return { role, blocks: contentBlocks(content, `${at}.content`) }
    case 'assistant':
      return { role, blocks: assistantBlocks(message, at) }
    case 'tool':
      return { role: 'user', blocks: [toolResult(message, at)] }
    case 'function':
      throw unsupported(`${at}.role`, 'send tool messages in place of function messages')
    default:
      throw wrong(`${at}.role`, 'system, developer, user, assistant or tool')
  }
}

function assistantBlocks(message: Fields, at: string): Block[] {
  if (message['function_call'] != null) {
    throw unsupported(`${at}.function_call`, 'send tool_calls')
  }
  const calls = message['tool_calls'] == null ? [] : message['tool_calls']
  return [
    ...thinkingBlocks(message),
    ...textContent(message['content'], `${at}.content`),
    ...listAt(calls, `${at}.tool_calls`).map((call, i) => toolUse(call, `${at}.tool_calls[${i}]`)),
  ]
}

/** What LiteLLM's clients send back. Only thoughts that Anthropic signed are taken by it again. */
function thinkingBlocks(message: Fields): Block[] {
  return listOf(message['thinking_blocks']).flatMap((value): Block[] => {
    const { type, thinking, signature, data } = fieldsOf(value)
    if (type === 'redacted_thinking' && textOf(data)) return [{ type, data }]
    if (type !== 'thinking' || !textOf(signature)) return []
    return [{ type, thinking: textOf(thinking), signature }]
  })
}

function toolUse(value: unknown, at: string): Block {
  const call = fieldsAt(value, at)
  const called = fieldsAt(call['function'], `${at}.function`)
  const input = parsed(textAt(called['arguments'] ?? '', `${at}.function.arguments`))
  if (!input) throw wrong(`${at}.function.arguments`, 'a JSON object as text')
  return {
    type: 'tool_use',
    id: toolId(call['id'], `${at}.id`),
    name: textAt(called['name'], `${at}.function.name`),
    input,
    ...cacheOf(call),
  }
}

function toolResult(message: Fields, at: string): Block {
  const content = contentBlocks(message['content'], `${at}.content`)
  const [only] = content
  const isPlain = content.length === 1 && only?.['type'] === 'text' && !only['cache_control']
  return {
    type: 'tool_result',
    tool_use_id: toolId(message['tool_call_id'], `${at}.tool_call_id`),
    ...(content.length > 0 && { content: isPlain ? only['text'] : content }),
    ...(message['is_error'] === true && { is_error: true }),
  }
}

/** Other providers' ids have characters that Anthropic refuses; the same id stays the same. */
function toolId(value: unknown, at: string): string {
  return textAt(value, at).replaceAll(/[^a-zA-Z0-9_-]/g, '_')
}

function parsed(text: string): Fields | null {
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : null
  } catch {
    return null
  }
}

/** A mark on the message is one on its last block. */
function marked(blocks: Block[], message: Fields): Block[] {
  const mark = cacheOf(message)
  const last = blocks.at(-1)
  return last && 'cache_control' in mark ? [...blocks.slice(0, -1), { ...last, ...mark }] : blocks
}

const isResult = ({ type }: Block): boolean => type === 'tool_result'

function finished({ role, content }: Turn, isLast: boolean): Turn {
  if (role === 'user') {
    const rest = content.filter((block) => !isResult(block))
    return { role, content: [...content.filter(isResult), ...rest] }
  }
  // Words that the model is to go on from may not end in white space.
  const last = content.at(-1)
  if (!isLast || last?.['type'] !== 'text') return { role, content }
  return {
    role,
    content: [...content.slice(0, -1), { ...last, text: textOf(last['text']).trimEnd() }],
  }
}
