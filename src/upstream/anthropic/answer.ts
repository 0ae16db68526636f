import { type Fields, fieldsOf, listOf, textOf } from './fields.ts'
import { toOpenAiUsage } from './usage.ts'

const FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
}

export function finishReason(stopReason: unknown): string {
  return FINISH[textOf(stopReason)] ?? 'stop'
}

/** A message of Anthropic's as OpenAI's chat.completion; null: it is none. */
export function toCompletion(answer: Fields, nowMs: number): Fields | null {
  if (answer['type'] !== 'message' || !Array.isArray(answer['content'])) return null
  const usage = toOpenAiUsage(fieldsOf(answer['usage']))
  const choice = {
    index: 0,
    message: toMessage(listOf(answer['content']).map(fieldsOf)),
    logprobs: null,
    finish_reason: finishReason(answer['stop_reason']),
  }
  return {
    id: textOf(answer['id']),
    object: 'chat.completion',
    created: Math.floor(nowMs / 1_000),
    model: textOf(answer['model']),
    choices: [choice],
    ...(usage && { usage }),
  }
}

function toMessage(blocks: readonly Fields[]): Fields {
  const texts = blocks.filter(({ type }) => type === 'text').map(({ text }) => textOf(text))
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(toToolCall)
  const thoughts = blocks.filter(({ type }) => isThought(type))
  const reasoning = thoughts.map(({ thinking }) => textOf(thinking)).join('')
  return {
    role: 'assistant',
    content: texts.length > 0 ? texts.join('') : null,
    refusal: null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

export function isThought(type: unknown): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}

function toToolCall({ id, name, input }: Fields): Fields {
  const called = { name: textOf(name), arguments: JSON.stringify(input ?? {}) }
  return { id: textOf(id), type: 'function', function: called }
}
