import type { Script } from './provider-script.ts'

export type Family = 'chat' | 'text' | 'embedding'

export interface Answer {
  id: string
  model: string
  family: Family
  script: Script
}

export const HTML_PAGE = '<!doctype html><html><body><h1>Bad gateway</h1></body></html>\n'

const CREATED_S = 1_700_000_000
const TOOL_CALL = {
  id: 'call_1',
  type: 'function',
  function: { name: 'weather', arguments: '{"city":"Łódź"}' },
}

export function errorBody(status: number): string {
  const error = { type: 'mock_error', param: null, code: `mock_${status}`, detail: [1] }
  return JSON.stringify({ error: { message: `The mock provider answers ${status}`, ...error } })
}

export function body(answer: Answer, inputs: number): string {
  const { family, script } = answer
  if (family === 'embedding') {
    const data = Array.from({ length: inputs }, (_, index) => {
      return { object: 'embedding', index, embedding: [0.25, -0.5] }
    })
    return rendered(answer, { object: 'list', data, ...usageOf(answer) })
  }
  const text = Array.from({ length: script.chunks }, (_, index) => word(index)).join('')
  const choice =
    family === 'text'
      ? { text, index: 0, logprobs: null, finish_reason: 'stop' }
      : { index: 0, message: message(script, text), logprobs: null, finish_reason: finish(script) }
  return rendered(answer, { object: objectOf(family), choices: [choice], ...usageOf(answer) })
}

/** The content chunks of a stream, each one event. */
export function contentEvents(answer: Answer, includeUsage: boolean): string[] {
  const { script } = answer
  return Array.from({ length: script.chunks }, (_, index) => {
    const choices = [choicePart(answer, index)]
    return event(answer, { choices, ...(includeUsage && { usage: null }) })
  })
}

/** What follows the content: the finish, the usage if it is told, the end mark. */
export function endEvents(answer: Answer, includeUsage: boolean): string[] {
  const { family, script } = answer
  const last = family === 'text' ? { text: '' } : { delta: {} }
  const finished = { index: 0, ...last, finish_reason: finish(script) }
  const tellsUsage = script.reportsUsage && (includeUsage || script.usageUnasked)
  return [
    event(answer, { choices: [finished], ...(includeUsage && { usage: null }) }),
    ...(tellsUsage ? [event(answer, { choices: [], ...usageOf(answer) })] : []),
    'data: [DONE]\n\n',
  ]
}

function choicePart({ family, script }: Answer, index: number): Record<string, unknown> {
  if (family === 'text') return { index: 0, text: word(index), finish_reason: null }
  const role = index === 0 ? { role: 'assistant' } : {}
  const first = { ...TOOL_CALL, index: 0 }
  const call = index === 0 ? first : { index: 0, function: { arguments: '' } }
  const content = script.tool ? { tool_calls: [call] } : { content: word(index) }
  return { index: 0, delta: { ...role, ...content }, finish_reason: null }
}

function message(script: Script, text: string): Record<string, unknown> {
  return script.tool
    ? { role: 'assistant', content: null, tool_calls: [TOOL_CALL] }
    : { role: 'assistant', content: text, refusal: null }
}

function usageOf({ family, script }: Answer): { usage?: Record<string, unknown> } {
  if (!script.reportsUsage) return {}
  const { promptTokens, completionTokens, cachedTokens } = script
  if (family === 'embedding') {
    return { usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } }
  }
  const details = cachedTokens ? { prompt_tokens_details: { cached_tokens: cachedTokens } } : {}
  return {
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      ...details,
    },
  }
}

function event(answer: Answer, fields: Record<string, unknown>): string {
  const object = answer.family === 'chat' ? 'chat.completion.chunk' : 'text_completion'
  return `data: ${rendered(answer, { object, ...fields })}\n\n`
}

/** Every answer has a field nobody knows and a number that JavaScript can't hold. */
function rendered({ id, model }: Answer, fields: Record<string, unknown>): string {
  const known = JSON.stringify({
    id,
    created: CREATED_S,
    model,
    ...fields,
    unknown: { kept: true },
  })
  return `${known.slice(0, -1)},"big":12345678901234567890}`
}

function objectOf(family: Family): string {
  return family === 'chat' ? 'chat.completion' : 'text_completion'
}

function finish(script: Script): string {
  return script.tool ? 'tool_calls' : 'stop'
}

function word(index: number): string {
  return index === 0 ? 'Grüße' : ` ${index}`
}
