import type { Deployment } from '../../config/config.ts'
import { badRequest } from '../../errors.ts'
import { providerOf } from '../providers.ts'
import { type MessagesDraft, toMessagesDraft } from './request.ts'

const decoder = new TextDecoder()

/**
 * The request in the provider's own words; null: it speaks OpenAI's. Made before money is held, so
 * that what can't be said there is refused free of charge. The bytes are valid JSON.
 */
export function draftFor(
  deployment: Deployment,
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
): MessagesDraft | null {
  const isOpenAi = providerOf(deployment.provider).wire === 'openai'
  if (isOpenAi || deployment.mockResponse !== null) return null
  if (path === '/chat/completions')
    return toMessagesDraft(JSON.parse(decoder.decode(bytes)), deployment)
  const name = deployment.group.slice(0, 256)
  throw badRequest(`${path} is not available for this model: ${name}`, 'model')
}
