import type { Deployment } from '../../config/config.ts'
import { picoToUsd } from '../../money.ts'

/** A deployment as LiteLLM answers with it: no secret, and its address for admins only. */
export function modelRow(deployment: Deployment, { isForAdmin }: { readonly isForAdmin: boolean }) {
  const { id, group, provider, model, apiBase, timeoutMs, streamTimeoutMs, weight } = deployment
  const costs = costsOf(deployment)
  return {
    model_name: group,
    litellm_params: {
      model: `${provider}/${model}`,
      custom_llm_provider: provider,
      ...(isForAdmin && apiBase !== '' && { api_base: apiBase }),
      ...costs,
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
      max_input_tokens: null,
      max_output_tokens: deployment.maxOutputTokens,
      ...costs,
    },
  }
}

/** The deployments of one name; the dearest price is what a caller has to reckon with. */
export function groupRow(name: string, deployments: readonly Deployment[]) {
  const costs = deployments.map(costsOf)
  return {
    model_group: name,
    providers: [...new Set(deployments.map(({ provider }) => provider))],
    mode: deployments.find(({ mode }) => mode !== null)?.mode ?? 'chat',
    max_input_tokens: null,
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

function costsOf({ price }: Deployment) {
  return {
    input_cost_per_token: price && picoToUsd(price.inputPico),
    output_cost_per_token: price && picoToUsd(price.outputPico),
  }
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}
