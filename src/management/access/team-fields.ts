import { ApiError } from '../../errors.ts'

/** What a team's own admins may change of it. What limits the team or its members is not among it. */
const EDITABLE = new Set([
  'team_id',
  'team_alias',
  'metadata',
  'models',
  'model_aliases',
  'team_member_permissions',
])
/** Limits that clients send inside metadata. */
const LIMITING_METADATA = ['model_rpm_limit', 'model_tpm_limit'] as const

interface Sent {
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined
}

/**
 * For who is no proxy admin: throws a 403 that names the first field that only proxy admins change.
 * What Tollgate does not know (`fields` has what it does) is ignored, as it is for everybody.
 */
export function requireEditable(input: Sent, fields: Readonly<Record<string, unknown>>): void {
  const sent: Readonly<Record<string, unknown>> = { ...input }
  const inside = LIMITING_METADATA.find((name) => input.metadata?.[name] !== undefined)
  const field =
    Object.keys(fields).find((name) => sent[name] !== undefined && !EDITABLE.has(name)) ??
    (inside && `metadata.${inside}`)
  if (field === undefined) return
  const message = `Team admins are not allowed to change ${field}. Ask a proxy admin.`
  throw new ApiError(403, message, { type: 'auth_error', param: field })
}
