import { type Fields, listOf } from '../anthropic/fields.ts'
import { asName, asObject, type RawObject, readUsage, usageIn } from '../usage.ts'

const STOP_REASONS: ReadonlyMap<unknown, string> = new Map([
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['tool_calls', 'tool_use'],
  ['function_call', 'tool_use'],
  ['content_filter', 'refusal'],
])

/** An OpenAI chat's answer as a message of Anthropic's API; null: it is no such answer. */
export function messageOf(answer: RawObject): Fields | null {
  const [choice] = listOf(answer['choices']).map(asObject)
  const said = asObject(choice?.['message'])
  if (!said) return null
  const calls = listOf(said['tool_calls'])
    .map(asObject)
    .filter((call) => call !== null)
  const refusal = asName(said['refusal'])
  const thought = asName(said['reasoning_content']) ?? asName(said['reasoning'])
  const text = (textIn(said['content']) ?? '') + (refusal ?? '')
  return {
    id: asName(answer['id']) ?? `msg_${crypto.randomUUID()}`,
    type: 'message',
    role: 'assistant',
    model: asName(answer['model']) ?? '',
    content: [
      ...(thought === null ? [] : [{ type: 'thinking', thinking: thought, signature: '' }]),
      ...(text === '' ? [] : [{ type: 'text', text }]),
      ...calls.map(toolUse),
    ],
    stop_reason: stopReason(choice?.['finish_reason'], {
      calledTools: calls.length > 0,
      refused: refusal !== null,
    }),
    stop_sequence: null,
    usage: messageUsage(usageIn(answer)),
  }
}

/** Some providers say that they stopped where they called tools. */
export function stopReason(
  finish: unknown,
  { calledTools, refused }: { readonly calledTools: boolean; readonly refused: boolean },
): string {
  if (refused) return 'refusal'
  const reason = STOP_REASONS.get(finish) ?? 'end_turn'
  return reason === 'end_turn' && calledTools ? 'tool_use' : reason
}

/** What was read from a cache or written to it stands beside the other input, not in it. */
export function messageUsage(raw: RawObject | null): Fields {
  const usage = readUsage(raw)
  const read = usage?.cacheReadTokens ?? 0
  const written = usage?.cacheWriteTokens ?? 0
  return {
    input_tokens: (usage?.inputTokens ?? 0) - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: usage?.outputTokens ?? 0,
  }
}

/** A text, or parts of which the texts count. */
export function textIn(content: unknown): string | null {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return null
  return content.map((part) => asName(asObject(part)?.['text']) ?? '').join('')
}

function toolUse(call: RawObject): Fields {
  const { name, arguments: text } = asObject(call['function']) ?? {}
  return {
    type: 'tool_use',
    id: asName(call['id']) ?? `toolu_${crypto.randomUUID()}`,
    name: asName(name) ?? '',
    input: inputOf(text),
  }
}

/** Arguments that are no object can't be an input: the caller sees them as they were written. */
function inputOf(text: unknown): RawObject {
  if (typeof text !== 'string' || text.trim() === '') return asObject(text) ?? {}
  try {
    return asObject(JSON.parse(text)) ?? { raw_arguments: text }
  } catch {
    return { raw_arguments: text }
  }
}
