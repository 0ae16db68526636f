import { type Cost, costOf } from '../../pricing/cost.ts'
import { lookUp } from '../../pricing/resolve.ts'
import type { Price } from '../../pricing/rates.ts'
import { providerOf } from '../../upstream/providers.ts'
import type { Usage } from '../../upstream/usage.ts'
import type { Call } from '../call.ts'

export interface Bill extends Cost {
  /** By the price that we know; what is charged unless the provider said its own. */
  readonly listedPico: Cost['totalPico']
}

/** What a provider bills for an answer: its own word where it is the bill, else our price. */
export function billOf(call: Call, usage: Usage, responseModel: string | null): Bill {
  const price = priceOfAnswer(call, responseModel)
  const { totalPico: listedPico, parts } = costOf(price, usage, call.startedMs)
  const { providerCostPico: said } = usage
  const isBill = providerOf(call.deployment.provider).reportsCost && price.source !== 'config'
  return { parts, listedPico, totalPico: isBill && said !== null ? said : listedPico }
}

/**
 * A provider bills the model that answered. What the operator set holds for the row, whatever it
 * answers with.
 */
function priceOfAnswer({ price, deployment }: Call, responseModel: string | null): Price {
  const { provider, model, baseModel } = deployment
  const isOurs = price.source === 'config' || price.source === 'local' || baseModel !== null
  if (isOurs || responseModel === null || responseModel === model) return price
  return lookUp(provider, responseModel) ?? price
}
