import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startProvider } from '../../../dev/provider.ts'
import type { Provider } from '../../../dev/provider.ts'

let provider: Provider
let openai: OpenAI
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }]

beforeAll(async () => {
  provider = await startProvider()
  openai = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'x', maxRetries: 0, timeout: 300 })
})
afterAll(() => provider.close())

const ask = (model: string): Promise<OpenAI.ChatCompletion> =>
  openai.chat.completions.create({ model, messages })

it('reports and bills the tokens that the model names', async () => {
  const { id, usage } = await ask('usage-7-3')
  expect(usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 })
  expect(provider.bills.at(-1)).toEqual({
    id,
    model: 'usage-7-3',
    promptTokens: 7,
    completionTokens: 3,
  })
})

async function streamedUsage(include_usage: boolean): Promise<unknown[]> {
  const stream = await openai.chat.completions.create({
    model: 'split-5',
    messages,
    stream: true,
    stream_options: { include_usage },
  })
  const usages: unknown[] = []
  for await (const { usage } of stream) if (usage) usages.push(usage.total_tokens)
  return usages
}

it('streams usage only to those who ask', async () => {
  expect(await streamedUsage(false)).toEqual([])
  expect(await streamedUsage(true)).toEqual([15])
})

it.each([
  ['status-429', '429 The mock provider answers 429'],
  ['html+status-502', '502'],
  ['hang', 'Request timed out'],
  ['close', 'Connection error'],
])('fails as %s says, without a bill', async (model, message) => {
  const billed = provider.bills.length
  await expect(ask(model)).rejects.toThrow(message)
  expect(provider.bills.length).toBe(billed)
})

it('bills a stream that breaks, and sees who left', async () => {
  const billed = provider.bills.length
  const body = { model: 'close-mid-stream', messages, stream: true } as const
  const broken = (async () => {
    for await (const _ of await openai.chat.completions.create(body)) continue
  })()
  await expect(broken).rejects.toThrow()
  expect(provider.bills.length).toBe(billed + 1)
  await expect(ask('hang+left')).rejects.toThrow()
  await expect.poll(() => provider.requests.at(-1)?.abandoned).toBe(true)
})
