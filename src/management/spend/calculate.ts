import { z } from 'zod'
import type { Config, Deployment, Price } from '../../config/config.ts'
import { resolveGroup } from '../../config/models.ts'
import { badRequest } from '../../errors.ts'
import { picoToUsd, type Pico } from '../../money.ts'
import { costOf } from '../../pricing/cost.ts'
import { estimate } from '../../pricing/estimate.ts'
import { asName, readUsage, usageIn } from '../../upstream/usage.ts'
import { cleanText } from '../fields.ts'

/** `POST /spend/calculate`. */
export const Calculate = z.object({
  model: cleanText.nullish(),
  messages: z.array(z.unknown(), { error: 'expected an array' }).nullish(),
  completion_response: z.record(z.string(), z.unknown(), { error: 'expected an object' }).nullish(),
})

interface Asked {
  readonly config: Config
  readonly input: z.infer<typeof Calculate>
}

/** What an answer cost by its usage, or what messages alone will probably cost. USD. */
export function calculateCost({ config, input }: Asked): { cost: number } {
  const { model, messages, completion_response: answer } = input
  if (answer) return { cost: picoToUsd(answerCost(config, { model, answer })) }
  if (!messages) {
    throw badRequest(
      "Bad Request - Either 'messages' or 'completion_response' must be provided",
      'messages',
    )
  }
  if (!model) throw badRequest("Bad Request - 'model' must be provided with 'messages'", 'model')
  const price = priceOf(config, [model])
  const bodyBytes = new TextEncoder().encode(JSON.stringify(messages)).length
  const limits = { defaultOutputTokens: 0, maxOutputTokens: null }
  return { cost: picoToUsd(estimate({ ...TEXT, bodyBytes }, price, limits).expectedPico) }
}

const TEXT = {
  mediaBytes: 0,
  mediaCount: 0,
  otherMediaBytes: 0,
  outputCap: null,
  answers: 1,
  hasOutput: false,
}

function answerCost(
  config: Config,
  sent: {
    readonly model: string | null | undefined
    readonly answer: Readonly<Record<string, unknown>>
  },
): Pico {
  const named = asName(sent.answer['model'])
  const names = [sent.model, named].filter((name) => name !== null && name !== undefined)
  if (names.length === 0) {
    throw badRequest("Bad Request - 'model' must be provided", 'completion_response.model')
  }
  const price = priceOf(config, names)
  const usage = readUsage(usageIn(sent.answer))
  if (!usage) throw badRequest('completion_response.usage: expected token counts', 'usage')
  return costOf(price, usage)
}

/** Of the first name that is a model here, or what a provider calls one of ours. */
function priceOf(config: Config, names: readonly string[]): Price {
  const deployments = names.map((name) => deploymentOf(config, name))
  const found = deployments.find((deployment) => deployment !== undefined)
  const name = names[0]?.slice(0, 256) ?? ''
  if (!found) throw badRequest(`Invalid model name passed in model=${name}`, 'model')
  if (found.price) return found.price
  if (found.local) return { inputPico: 0n, outputPico: 0n }
  throw badRequest(`Model ${name} has no price`, 'model')
}

function deploymentOf(config: Config, name: string): Deployment | undefined {
  return (
    resolveGroup(config, name)?.deployments[0] ??
    config.deployments.find((deployment) => deployment.model === name)
  )
}
