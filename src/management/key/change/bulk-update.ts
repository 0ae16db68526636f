import { z } from 'zod'
import { ApiError } from '../../../errors.ts'
import { describe, log } from '../../../log.ts'
import { type LiveDeps } from '../../live.ts'
import { liveKeyRow } from '../info.ts'
import { changeKey, type ChangeKey, UpdateKey } from './update.ts'

const KEYS_MAX = 500
/** At once: each of them talks to Postgres and to a ledger. */
const ABREAST = 5

/** `POST /key/bulk_update`; what an item lacks is told of that item. */
export const BulkUpdate = z.object({
  keys: z
    .array(z.looseObject({ key: z.string() }))
    .refine(({ length }) => length > 0 && length <= KEYS_MAX, {
      error: `expected 1 to ${KEYS_MAX} items`,
    }),
})

interface ChangeKeys extends Omit<ChangeKey, 'input'>, LiveDeps {
  readonly input: z.infer<typeof BulkUpdate>
}

interface Outcome {
  readonly key: string
  readonly key_info?: object
  readonly failed_reason?: string
}

/** Each key by itself: one that is refused leaves the others as they were asked for. May be repeated. */
export async function changeKeys(request: ChangeKeys) {
  const items = request.input.keys
  const outcomes: Outcome[] = []
  for (let i = 0; i < items.length; i += ABREAST) {
    const some = items.slice(i, i + ABREAST).map((item) => changeOne(request, item))
    outcomes.push(...(await Promise.all(some)))
  }
  return {
    total_requested: items.length,
    successful_updates: outcomes.filter(({ key_info }) => key_info),
    failed_updates: outcomes.filter(({ key_info }) => !key_info),
  }
}

async function changeOne(request: ChangeKeys, item: { readonly key: string }): Promise<Outcome> {
  const { key } = item
  const parsed = UpdateKey.safeParse(item)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    return { key, failed_reason: `${first?.path.join('.')}: ${first?.message}` }
  }
  try {
    const details = await changeKey({ ...request, input: parsed.data })
    return { key, key_info: await liveKeyRow(request, details, request) }
  } catch (error) {
    if (error instanceof ApiError) return { key, failed_reason: error.message }
    log('error', 'bulk_update_failed', { error: describe(error) })
    return { key, failed_reason: 'Internal server error' }
  }
}
