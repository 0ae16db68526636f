import { z } from 'zod'
import { listAliases } from '../../../db/key-list.ts'
import type { Asking } from '../../access/teams.ts'
import { cleanText } from '../../fields.ts'
import { listedFor } from './filter.ts'
import { page } from './list.ts'

/** Clients that know of no pages expect all. */
const SIZE_MAX = 1_000

/** `GET /key/aliases`. */
export const AliasQuery = z.object({
  page,
  size: z.coerce.number().int().min(1).max(SIZE_MAX).default(SIZE_MAX),
  search: cleanText.optional(),
})

interface Aliases extends Asking {
  readonly query: z.infer<typeof AliasQuery>
}

/** The names of all keys that whoever asks may list. */
export async function showAliases(request: Aliases) {
  const { page: current, size, search: text = '' } = request.query
  const of = listedFor(request, { include_team_keys: true })
  const wanted = { filter: { of }, text, limit: size, offset: (current - 1) * size }
  const { aliases, total } = await listAliases(request.db, wanted)
  return {
    aliases,
    total_count: total,
    current_page: current,
    total_pages: Math.ceil(total / size),
    size,
  }
}
