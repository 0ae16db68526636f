const BYTES_PER_TOKEN = 4
/** Where a model's own words are in an answer: text, reasoning, and the arguments of tools. */
const WORDS = new Set(['content', 'text', 'reasoning', 'reasoning_content', 'refusal', 'arguments'])

const encoder = new TextEncoder()

/** Tokens of an answer whose provider reported none, by its length; an answer is at least one. */
export function countOutputTokens(answer: Uint8Array): number {
  let bytes = 0
  try {
    const text = new TextDecoder().decode(answer)
    JSON.parse(text, (name: string, value: unknown) => {
      if (typeof value === 'string' && WORDS.has(name)) bytes += encoder.encode(value).length
      return undefined
    })
  } catch {
    bytes = answer.length
  }
  return Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN))
}
