import type { Deployment } from '../../config/config.ts'
import { priceRow, sourceOf } from './price-row.ts'

/** A deployment as LiteLLM answers with it: no secret, and its address for admins only. */
export function modelRow(
  deployment: Deployment,
  { isForAdmin, nowMs }: { readonly isForAdmin: boolean; readonly nowMs: number },
) {
  const { id, group, provider, model, apiBase, timeoutMs, streamTimeoutMs, weight } = deployment
  const { price, maxInputTokens, baseModel } = deployment
  const costs = priceRow(price, nowMs)
  return {
    model_name: group,
    litellm_params: {
      model: `${provider}/${model}`,
      custom_llm_provider: provider,
      ...(isForAdmin && apiBase !== '' && { api_base: apiBase }),
      ...(price?.source === 'config' && {
        input_cost_per_token: costs.input_cost_per_token,
        output_cost_per_token: costs.output_cost_per_token,
      }),
      timeout: timeoutMs / 1_000,
      stream_timeout: streamTimeoutMs / 1_000,
      weight,
    },
    model_info: {
      id,
      db_model: false,
      key: model,
      mode: deployment.mode,
      litellm_provider: provider,
      max_tokens: deployment.maxOutputTokens,
      max_input_tokens: maxInputTokens ?? price?.maxInputTokens ?? null,
      max_output_tokens: deployment.maxOutputTokens,
      base_model: baseModel,
      ...costs,
      price_source: sourceOf(price),
    },
  }
}

/** The deployments of one name; the dearest price is what a caller has to reckon with. */
export function groupRow(name: string, deployments: readonly Deployment[], nowMs: number) {
  const costs = deployments.map(({ price }) => priceRow(price, nowMs))
  return {
    model_group: name,
    providers: [...new Set(deployments.map(({ provider }) => provider))],
    mode: deployments.find(({ mode }) => mode !== null)?.mode ?? 'chat',
    max_input_tokens: most(
      deployments.map(
        ({ maxInputTokens, price }) => maxInputTokens ?? price?.maxInputTokens ?? null,
      ),
    ),
    max_output_tokens: most(deployments.map(({ maxOutputTokens }) => maxOutputTokens)),
    input_cost_per_token: most(costs.map((cost) => cost.input_cost_per_token)),
    output_cost_per_token: most(costs.map((cost) => cost.output_cost_per_token)),
    tpm: null,
    rpm: null,
    supports_parallel_function_calling: false,
    supports_vision: false,
    supports_function_calling: false,
    supported_openai_params: [],
    is_public_model_group: false,
  }
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}
