import { z } from 'zod'
import { PERMISSIONS } from '../../auth/member-permissions.ts'

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
