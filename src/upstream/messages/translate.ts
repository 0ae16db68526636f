import { badRequest } from '../../errors.ts'
import { scanObject } from '../json-members.ts'
import type { Translation } from './translation.ts'
import { asObject } from '../usage.ts'
import { messageOf } from './answer.ts'
import { translateError } from './errors.ts'
import { chatRequest } from './request.ts'
import { MessagesStream } from './stream.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * A call of Anthropic's Messages API for a provider that speaks OpenAI's; `outputCap` is its name
 * for `max_tokens`. Throws a 400 for what can't be asked there.
 */
export function messagesAsChat(body: Uint8Array, outputCap: string): Translation {
  const asked = asObject(JSON.parse(decoder.decode(body)))
  if (!asked) throw badRequest('body: expected an object', 'body')
  const bytes = encoder.encode(JSON.stringify(chatRequest(asked, outputCap)))
  return {
    path: '/chat/completions',
    bytes,
    object: scanObject(bytes),
    answer: translateAnswer,
    error: translateError,
    stream: () => new MessagesStream(),
  }
}

function translateAnswer(bytes: Uint8Array): Uint8Array | null {
  try {
    const answer = asObject(JSON.parse(decoder.decode(bytes)))
    const message = answer && messageOf(answer)
    return message && encoder.encode(JSON.stringify(message))
  } catch {
    return null
  }
}
