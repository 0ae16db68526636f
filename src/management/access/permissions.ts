import { z } from 'zod'

/** What a team may permit its members, as LiteLLM names it. */
export const PERMISSIONS: readonly string[] = [
  '/key/generate',
  '/key/update',
  '/key/delete',
  '/key/regenerate',
  '/key/service-account/generate',
  '/key/{key_id}/regenerate',
  '/key/block',
  '/key/unblock',
  '/key/bulk_update',
  '/key/{key_id}/reset_spend',
  '/key/info',
  '/key/health',
  '/key/list',
  '/key/aliases',
  '/team/daily/activity',
  '/spend/logs',
]

/** Routes that members may call for their team's keys, each once. */
export const permissions = z
  .array(z.string({ error: 'expected a string' }))
  .max(PERMISSIONS.length, { error: `expected at most ${PERMISSIONS.length} items` })
  .superRefine((routes, context) => {
    const at = routes.findIndex((route) => !PERMISSIONS.includes(route))
    if (at === -1) return
    const message = `expected one of ${PERMISSIONS.join(', ')}`
    context.addIssue({ code: 'custom', path: [at], message })
  })
  .transform((routes) => [...new Set(routes)])
