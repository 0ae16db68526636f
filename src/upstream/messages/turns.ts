import { type Fields, fieldsAt, listAt, textAt, wrong } from '../anthropic/fields.ts'
import {
  type Block,
  blocksOf,
  onlyAnthropic,
  type Part,
  partsOf,
  plainText,
  textOf,
} from './content.ts'

export type ChatMessage = Fields

/** `system` and `messages` of Anthropic's API as the messages of a chat. */
export function chatMessages(system: unknown, messages: unknown): readonly ChatMessage[] {
  const instructions = system == null ? '' : plainText(system, 'system')
  const turns = listAt(messages, 'messages').flatMap((item, at) => turn(item, `messages.${at}`))
  return instructions === '' ? turns : [{ role: 'system', content: instructions }, ...turns]
}

function turn(item: unknown, path: string): readonly ChatMessage[] {
  const { role, content } = fieldsAt(item, path)
  if (role === 'user') return userTurn(blocksOf(content, `${path}.content`))
  if (role === 'assistant') return [assistantTurn(blocksOf(content, `${path}.content`))]
  if (role === 'system') return [{ role, content: plainText(content, `${path}.content`) }]
  throw wrong(`${path}.role`, '"user" or "assistant"')
}

/** Results come first: a chat wants them right behind the calls that they answer. */
function userTurn(blocks: readonly Block[]): readonly ChatMessage[] {
  const results = blocks.filter(({ type }) => type === 'tool_result').map(toolResult)
  const said = blocks.filter(({ type }) => type !== 'tool_result').flatMap(partsOf)
  // A chat's tools answer in text only; what they showed follows as the user's.
  const shown = [...results.flatMap((result) => result.media), ...said]
  const answers = results.map(({ message }) => message)
  if (shown.length === 0 && answers.length > 0) return answers
  return [...answers, { role: 'user', content: shortened(shown) }]
}

function toolResult({ fields, path }: Block) {
  const parts = blocksOf(fields['content'] ?? '', `${path}.content`).flatMap(partsOf)
  const content = parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('\n')
  const tool_call_id = textAt(fields['tool_use_id'], `${path}.tool_use_id`)
  return {
    message: { role: 'tool', tool_call_id, content },
    media: parts.filter(({ type }) => type !== 'text'),
  }
}

/** Text alone is sent as text: not every provider takes parts. */
function shortened(parts: readonly Part[]): unknown {
  const texts = parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
  return texts.length === parts.length ? texts.join('\n\n') : parts
}

/** Thoughts are not sent on: their signatures are another provider's. */
function assistantTurn(blocks: readonly Block[]): ChatMessage {
  const known = new Set(['text', 'tool_use', 'thinking', 'redacted_thinking'])
  const strange = blocks.find(({ type }) => !known.has(type))
  if (strange) {
    throw onlyAnthropic(`${strange.path}.type`, `the block "${strange.type.slice(0, 64)}"`)
  }
  const text = blocks.filter(({ type }) => type === 'text').map(textOf)
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(toolCall)
  return {
    role: 'assistant',
    content: text.length > 0 || calls.length === 0 ? text.join('') : null,
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function toolCall({ fields, path }: Block) {
  return {
    id: textAt(fields['id'], `${path}.id`),
    type: 'function',
    function: {
      name: textAt(fields['name'], `${path}.name`),
      arguments: JSON.stringify(fieldsAt(fields['input'] ?? {}, `${path}.input`)),
    },
  }
}
