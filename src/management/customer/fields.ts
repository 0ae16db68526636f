import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import { resolveGroup } from '../../config/models.ts'
import type { Db } from '../../db/connect.ts'
import { ApiError } from '../../errors.ts'
import { flag, id, name } from '../fields.ts'
import { refuseUnenforced } from '../unsupported.ts'

const CUSTOMERS_MAX = 500

/** What nothing acts on is said of a customer all the same. */
const kept = { alias: name, default_model: name }

export const customerFields = {
  user_id: id,
  ...kept,
  blocked: flag,
  allowed_model_region: z.enum(['eu', 'us'], { error: 'expected "eu" or "us"' }).nullish(),
}

/** Names of customers. */
export const Customers = z.object({
  user_ids: z
    .array(id)
    .min(1)
    .max(CUSTOMERS_MAX, { error: `expected at most ${CUSTOMERS_MAX} items` }),
})

type Input = z.infer<z.ZodObject<typeof customerFields>>

export interface CustomerDeps {
  readonly db: Db
  readonly config: Config
  readonly by: string
  readonly nowMs: number
}

/** No customer is limited yet: every field that would is refused, unless the operator accepts it. */
export function refuseLimits({ config }: CustomerDeps, input: object, known: object = {}): void {
  const { ignoreUnsupported: ignored } = config.settings
  refuseUnenforced('customer', { ...input }, { known: { user_id: id, ...kept, ...known }, ignored })
}

export function customerChanges(input: Input) {
  return {
    alias: input.alias,
    blocked: input.blocked === null ? false : input.blocked,
    allowedModelRegion: input.allowed_model_region,
    defaultModel: input.default_model,
  }
}

/** Throws LiteLLM's 422. */
export function requireModel({ config }: CustomerDeps, { default_model: model }: Input): void {
  if (!model || resolveGroup(config, model)) return
  const message = 'Default Model not on proxy. Configure it in config.yaml. Default_model='
  throw new ApiError(422, message + model, {
    type: 'invalid_request_error',
    param: 'default_model',
  })
}

export function noCustomer(userId: string, param: string): ApiError {
  const message = `End User Id=${userId} does not exist in db`
  return new ApiError(404, message, { type: 'not_found', param })
}
