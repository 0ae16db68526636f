import type { Customer } from '../../db/customers.ts'
import { parsePico, picoToUsd } from '../../money.ts'

const PICO_DIGITS = 12

/** A customer as LiteLLM answers with them. */
export function customerRow({ userId, row, spendPico }: Customer) {
  return {
    user_id: userId,
    blocked: row?.blocked ?? false,
    alias: row?.alias ?? null,
    spend: picoToUsd(parsePico(`${spendPico}e-${PICO_DIGITS}`)),
    allowed_model_region: row?.allowedModelRegion ?? null,
    default_model: row?.defaultModel ?? null,
    budget_id: null,
    litellm_budget_table: null,
    object_permission_id: null,
    object_permission: null,
  }
}
