import { OUTPUT_CAPS } from '../output-cap.ts'
import { type Fields, fieldsAt, fieldsOf, textOf, unsupported, wrong } from './fields.ts'
import { toConversation } from './messages.ts'
import { type Abilities, abilitiesOf } from './model.ts'
import { fitThinking, isThinking, thinkingFields } from './thinking.ts'
import { toolFields } from './tools.ts'

/** Anthropic wants a cap; this one is within every model's. */
const DEFAULT_MAX_TOKENS = 4096

/** What would change the answer, the price or its place, and that we can't express. */
const REFUSED: Readonly<Record<string, string>> = {
  functions: 'send tools',
  function_call: 'send tool_choice',
  audio: '',
  web_search_options: 'send a tool of type web_search_20250305',
  inference_geo: '',
  speed: '',
  container: '',
  mcp_servers: '',
  context_management: '',
}

/** A request to the Messages API but for what is known only when it is sent. */
export interface MessagesDraft {
  readonly body: Fields
  readonly maxTokens: number
}

interface Target {
  readonly model: string
  readonly maxOutputTokens: number | null
}

/**
 * OpenAI's chat body as Anthropic's. Throws a 400 that names the field for what can't be said
 * there; hints that leave the meaning alone (`seed`, penalties, `store`, …) are left out.
 */
export function toMessagesDraft(value: unknown, target: Target): MessagesDraft {
  const chat = fieldsAt(value, 'body')
  refuse(chat)
  const abilities = abilitiesOf(target.model)
  const { system, messages } = toConversation(chat['messages'])
  const tools = toolFields(chat, abilities)
  const asked = { abilities, messages, toolChoice: tools['tool_choice'] }
  const thinking = thinkingFields(chat, asked)
  const config = outputConfig(chat, thinking)
  return {
    maxTokens: smallestCap(chat) ?? target.maxOutputTokens ?? DEFAULT_MAX_TOKENS,
    body: {
      model: target.model,
      ...(system.length > 0 && { system }),
      messages,
      ...tools,
      ...thinking,
      ...(config && { output_config: config }),
      ...sampling(chat, abilities, isThinking(thinking)),
      ...stop(chat['stop']),
      ...(textOf(chat['user']) && { metadata: { user_id: chat['user'] } }),
      ...(isTier(chat['service_tier']) && { service_tier: chat['service_tier'] }),
    },
  }
}

/** The body as it is sent, within the cap that has to hold; null: as the client asked. */
export function toMessagesBody(
  { body, maxTokens }: MessagesDraft,
  sent: { readonly stream: boolean; readonly outputTokens: number | null },
): string {
  const cap = Math.min(maxTokens, sent.outputTokens ?? maxTokens)
  const { model, ...rest } = fitThinking(body, cap)
  return JSON.stringify({ model, max_tokens: cap, ...(sent.stream && { stream: true }), ...rest })
}

function refuse(chat: Fields): void {
  for (const [name, hint] of Object.entries(REFUSED)) {
    if (chat[name] != null) throw unsupported(name, hint)
  }
  if (typeof chat['n'] === 'number' && chat['n'] > 1) throw unsupported('n', 'one answer a call')
  if (chat['logprobs'] === true) throw unsupported('logprobs')
  if (typeof chat['top_logprobs'] === 'number') throw unsupported('top_logprobs')
  if (Object.keys(fieldsOf(chat['logit_bias'])).length > 0) throw unsupported('logit_bias')
  const { modalities } = chat
  if (Array.isArray(modalities) && modalities.some((kind) => kind !== 'text')) {
    throw unsupported('modalities', 'text only')
  }
}

/** The gateway has read them as whole numbers. */
function smallestCap(chat: Fields): number | null {
  const caps = OUTPUT_CAPS.map((name) => chat[name]).filter((cap) => typeof cap === 'number')
  return caps.length > 0 ? Math.min(...caps) : null
}

/** A schema for the answer, and the effort. `json_object` has no counterpart: the prompt asks. */
function outputConfig(chat: Fields, thinking: Fields): Fields | null {
  const own = chat['output_config'] == null ? {} : fieldsAt(chat['output_config'], 'output_config')
  const config = { ...fieldsOf(thinking['output_config']), ...own, ...outputFormat(chat) }
  return Object.keys(config).length > 0 ? config : null
}

function outputFormat({ response_format: value }: Fields): Fields {
  if (value === undefined || value === null) return {}
  const format = fieldsAt(value, 'response_format')
  const at = 'response_format.json_schema'
  switch (format['type']) {
    case 'text':
    case 'json_object':
      return {}
    case 'json_schema': {
      const schema = fieldsAt(fieldsAt(format['json_schema'], at)['schema'], `${at}.schema`)
      return { format: { type: 'json_schema', schema } }
    }
    default:
      throw wrong('response_format.type', 'text, json_object or json_schema')
  }
}

function sampling(chat: Fields, { fixedSampling }: Abilities, thinks: boolean): Fields {
  // Both refuse what is not their default.
  if (fixedSampling || thinks) return {}
  const [temperature, topP, topK] = ['temperature', 'top_p', 'top_k'].map((name) => {
    const value = chat[name] ?? null
    if (value !== null && typeof value !== 'number') throw wrong(name, 'a number')
    return value
  })
  return {
    ...(temperature != null && { temperature: Math.min(temperature, 1) }),
    // Newer models refuse it beside a temperature, and 1 says nothing.
    ...(topP != null && topP !== 1 && { top_p: topP }),
    ...(topK != null && { top_k: topK }),
  }
}

function stop(value: unknown): Fields {
  if (value === undefined || value === null) return {}
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (!texts.every((text) => typeof text === 'string')) throw wrong('stop', 'a string or a list')
  return texts.length > 0 ? { stop_sequences: texts } : {}
}

function isTier(value: unknown): boolean {
  return value === 'auto' || value === 'standard_only'
}
