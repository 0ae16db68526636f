import type { Deployment } from '../config/config.ts'
import type { RequestSize } from '../pricing/estimate.ts'
import { mediaTokens } from '../pricing/media/media-tokens.ts'
import { nfkcBytes } from '../pricing/nfkc.ts'
import type { LlmBody } from './body.ts'
import type { Endpoint } from './endpoints.ts'

/** Their tokenizers take text as it is. */
const TAKEN_AS_IS = new Set(['openai', 'text-completion-openai', 'azure'])

/** What a body comes to for a deployment's model. Time is linear in its bytes. */
export function sizeOf(body: LlmBody, endpoint: Endpoint, deployment: Deployment): RequestSize {
  const { bytes, object } = body
  const { baseModel, model, provider } = deployment
  const media = mediaTokens(body, baseModel ?? model)
  return {
    bodyBytes: bytes.length,
    normalisedBytes: TAKEN_AS_IS.has(provider) ? bytes.length : nfkcBytes(bytes),
    encodedBytes: object.mediaBytes + object.otherMediaBytes,
    media,
    toolCount: object.toolCount,
    runsServerTools: object.serverTools.length > 0 || object.hasWebSearchOptions,
    continuesElsewhere: object.unknownMediaCount > 0 || remembersMore(body, endpoint),
    hasLongCacheTtl: object.hasLongCacheTtl,
    serviceTier: body.serviceTier,
    outputCap: body.outputCap,
    answers: body.answers,
    hasOutput: endpoint.hasOutput,
  }
}

const LOWER_N = 0x6e

/** Whether the provider adds what it keeps: an earlier response, a template. */
function remembersMore({ bytes, object }: LlmBody, { path }: Endpoint): boolean {
  if (path !== '/responses') return false
  return ['previous_response_id', 'prompt'].some((name) => {
    const member = object.members.get(name)
    return member !== undefined && bytes[member.valueStart] !== LOWER_N
  })
}
