import { z } from 'zod'
import type { NewMember } from '../../db/members.ts'
import { count, duration, id, money, name } from '../fields.ts'
import { decimal } from '../limits.ts'

const role = z.enum(['admin', 'user'], { error: 'expected "admin" or "user"' })
const email = name.transform((text) => text || (text === undefined ? undefined : null))

/** A member as `members_with_roles` and `member` have it. */
export const Member = z.object({
  role,
  user_id: id.nullish(),
  user_email: email,
})

/** A member of a team who is spoken of by id or by email. */
export const named = { team_id: id, user_id: id.nullish(), user_email: email }

export const memberFields = {
  max_budget_in_team: money,
  budget_duration: duration,
  tpm_limit: count,
  rpm_limit: count,
}

export const memberRole = role.nullish()

/** Fields as they were sent → what changes; null falls back to the team's default. */
export function memberChanges(input: z.infer<z.ZodObject<typeof memberFields>>) {
  return {
    maxBudget: decimal(input.max_budget_in_team),
    budgetDuration: input.budget_duration,
    tpmLimit: input.tpm_limit,
    rpmLimit: input.rpm_limit,
  }
}

type SentMember = Pick<z.infer<typeof Member>, 'role'> & {
  readonly user_id?: string | null | undefined
  readonly user_email?: string | null | undefined
}

/** Each once, in the order in which they were sent; one without id or email is nobody. */
export function newMembers(sent: readonly SentMember[]): NewMember[] {
  const members = new Map<string, NewMember>()
  for (const { role: as, user_id: userId = null, user_email: userEmail = null } of sent) {
    const who = userId === null ? `email ${userEmail}` : `id ${userId}`
    if (members.has(who) || (userId === null && userEmail === null)) continue
    members.set(who, { userId, userEmail, role: as, newId: crypto.randomUUID() })
  }
  return [...members.values()]
}

/** As LiteLLM says it when neither is there. */
export const NOBODY = 'Either user_id or user_email needs to be passed in'

export function someone(
  input: { readonly user_id?: unknown; readonly user_email?: unknown },
  context: z.RefinementCtx,
): void {
  if (input.user_id || input.user_email) return
  context.addIssue({ code: 'custom', path: ['user_id'], message: `expected: ${NOBODY}` })
}
