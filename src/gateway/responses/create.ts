import type { Caller } from '../../auth/caller.ts'
import { secretRefusal } from '../../auth/check-key.ts'
import type { Deployment } from '../../config/config.ts'
import { badRequest } from '../../errors.ts'
import type { Deps } from '../../http.ts'
import { readMember } from '../../upstream/json-members.ts'
import type { LlmBody } from '../body.ts'
import { deploymentOf, noPreviousResponse } from './owner.ts'

/** How JSON's `false` and `null` begin. */
const LOWER_F = 0x66
const LOWER_N = 0x6e

/** Refuses what could not be charged when the call returns. Throws a 400 that names the field. */
export function checkResponsesBody({ bytes, object }: LlmBody): void {
  const background = object.members.get('background')
  // `false` and `null`: anything else asks for it, or is no flag.
  if (background && ![LOWER_F, LOWER_N].includes(bytes[background.valueStart] ?? 0)) {
    throw badRequest('background: not supported yet, expected false', 'background')
  }
  const conversation = object.members.get('conversation')
  if (conversation && bytes[conversation.valueStart] !== LOWER_N) {
    throw badRequest('conversation: not supported, use previous_response_id', 'conversation')
  }
}

/** The deployment that keeps the response which the call goes on from; null: it names none. */
export async function previousDeployment(
  deps: Deps,
  caller: Caller,
  body: LlmBody,
): Promise<Deployment | null> {
  const id = previousId(body)
  // Whoever may not call at all is told that, and learns nothing of responses.
  const asked = { path: '/responses', nowMs: Date.now() }
  if (id === null || secretRefusal(caller, asked)) return null
  const deployment = await deploymentOf(deps, caller, id)
  if (!deployment) throw noPreviousResponse(id)
  return deployment
}

const ID_MAX_BYTES = 1_024

function previousId({ bytes, object }: LlmBody): string | null {
  const name = 'previous_response_id'
  const member = object.members.get(name)
  if (!member) return null
  const isLong = member.valueEnd - member.valueStart > ID_MAX_BYTES
  const id = isLong ? undefined : readMember(bytes, object, name)
  if (id === null) return null
  if (typeof id !== 'string') throw badRequest(`${name}: expected a string`, name)
  return id
}
