import { z } from 'zod'
import type { Config, Deployment } from '../../config/config.ts'
import { resolveGroup } from '../../config/models.ts'
import { badRequest } from '../../errors.ts'
import { picoToUsd } from '../../money.ts'
import { type Cost, costOf } from '../../pricing/cost.ts'
import { lookUp } from '../../pricing/resolve.ts'
import type { Price } from '../../pricing/rates.ts'
import { asName, readUsage, usageIn, withServiceTier } from '../../upstream/usage.ts'
import { cleanText } from '../fields.ts'
import { priceRow, sourceOf } from '../model/price-row.ts'

/** `POST /spend/calculate`. */
export const Calculate = z.object({
  model: cleanText.nullish(),
  messages: z.array(z.unknown(), { error: 'expected an array' }).nullish(),
  completion_response: z.record(z.string(), z.unknown(), { error: 'expected an object' }).nullish(),
})

interface Asked {
  readonly config: Config
  readonly input: z.infer<typeof Calculate>
  readonly nowMs: number
}

/** What an answer cost by its usage, or what messages alone will probably cost. USD. */
export function calculateCost(asked: Asked) {
  const { model, messages, completion_response: answer } = asked.input
  if (answer) return answerCost(asked, answer)
  if (!messages) {
    throw badRequest(
      "Bad Request - Either 'messages' or 'completion_response' must be provided",
      'messages',
    )
  }
  if (!model) throw badRequest("Bad Request - 'model' must be provided with 'messages'", 'model')
  const price = priceOf(asked.config, [model])
  const bytes = new TextEncoder().encode(JSON.stringify(messages)).length
  const usage = { inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN), outputTokens: 0 }
  return row(price, costOf(price, usage, asked.nowMs), asked.nowMs)
}

const BYTES_PER_TOKEN = 4

function answerCost({ config, input, nowMs }: Asked, answer: Readonly<Record<string, unknown>>) {
  const named = asName(answer['model'])
  const names = [input.model, named].filter((name) => name !== null && name !== undefined)
  if (names.length === 0) {
    throw badRequest("Bad Request - 'model' must be provided", 'completion_response.model')
  }
  const price = priceOf(config, names)
  const usage = withServiceTier(readUsage(usageIn(answer)), answer['service_tier'])
  if (!usage) throw badRequest('completion_response.usage: expected token counts', 'usage')
  return row(price, costOf(price, usage, nowMs), nowMs)
}

/** LiteLLM answers with the cost alone; the rest says how it came about. */
function row(price: Price, { totalPico, parts }: Cost, nowMs: number) {
  const usd = Object.entries(parts).map(([part, pico]) => [part, picoToUsd(pico)] as const)
  return {
    cost: picoToUsd(totalPico),
    cost_breakdown: Object.fromEntries(usd),
    price: priceRow(price, nowMs),
    price_source: sourceOf(price),
  }
}

/** Of the first name that is a model here, or what a provider calls one of ours. */
function priceOf(config: Config, names: readonly string[]): Price {
  const deployments = names.map((name) => deploymentOf(config, name))
  const found = deployments.find((deployment) => deployment !== undefined)
  const name = names[0]?.slice(0, 256) ?? ''
  const listed = found ? null : listedPrice(names)
  if (listed) return listed
  if (!found) throw badRequest(`Invalid model name passed in model=${name}`, 'model')
  if (found.price) return found.price
  throw badRequest(`Model ${name} has no price`, 'model')
}

/** Of `provider/model`, where no row has the name. */
function listedPrice(names: readonly string[]): Price | null {
  for (const name of names) {
    const [, provider = 'openai', model = name] = /^([^/]+)\/(.+)$/.exec(name) ?? []
    const price = lookUp(provider, model)
    if (price) return price
  }
  return null
}

function deploymentOf(config: Config, name: string): Deployment | undefined {
  return (
    resolveGroup(config, name)?.deployments[0] ??
    config.deployments.find((deployment) => deployment.model === name)
  )
}
