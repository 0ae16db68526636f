import { expect, it } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import { providerFor, urlOf } from '../../src/upstream/providers.ts'

const ENV = {
  AZURE_API_KEY: 'az',
  AWS_BEARER_TOKEN_BEDROCK: 'aws',
  CLOUDFLARE_ACCOUNT_ID: 'acc',
  CLOUDFLARE_API_KEY: 'cf',
  COHERE_API_KEY: 'co',
}
const RES = 'https://res.openai.azure.com'

function called(params: string) {
  const yaml = `model_list: [{model_name: m, litellm_params: ${params}}]`
  const [deployment] = parseConfig(yaml, ENV).config.deployments
  if (!deployment) throw new Error('no deployment')
  const { auth, streamUsage, outputCap } = providerFor(deployment)
  const url = urlOf(deployment, '/chat/completions')
  return { url, key: deployment.apiKey, auth, streamUsage, outputCap }
}

it.each([
  [`{model: azure/d, api_base: "${RES}"}`, `${RES}/openai/v1/chat/completions`],
  [
    `{model: azure/d, api_base: "${RES}/", api_version: preview}`,
    `${RES}/openai/v1/chat/completions`,
  ],
  [
    `{model: azure/d, api_base: "${RES}/", api_version: "2024-10-21"}`,
    `${RES}/openai/deployments/d/chat/completions?api-version=2024-10-21`,
  ],
])('azure: %s', (params, url) => {
  expect(called(params)).toEqual({
    url,
    key: 'az',
    auth: 'api-key',
    streamUsage: 'ask',
    outputCap: 'max_completion_tokens',
  })
})

it('an old version of Azure is not asked for the usage of streams', () => {
  const old = called(`{model: azure/d, api_base: "${RES}", api_version: "2024-06-01"}`)
  expect(old).toMatchObject({ streamUsage: 'never', outputCap: 'max_tokens' })
})

it("Azure's key does not travel to another host", () => {
  expect(called('{model: azure/d, api_base: "https://azure.com.evil.test"}').key).toBe(null)
})

it.each([
  [
    '{model: bedrock/m, aws_region_name: eu-west-1}',
    'https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1',
    'aws',
  ],
  ['{model: cloudflare/m}', 'https://api.cloudflare.com/client/v4/accounts/acc/ai/v1', 'cf'],
  ['{model: cohere_chat/m}', 'https://api.cohere.ai/compatibility/v1', 'co'],
])('%s', (params, base, key) => {
  expect(called(params)).toMatchObject({ url: `${base}/chat/completions`, key, auth: 'bearer' })
})

it.each([
  ['{model: bedrock/m, aws_region_name: eu-west-1, aws_access_key_id: AK}', 'aws_access_key_id'],
  ['{model: bedrock/m, aws_region_name: evil.test/}', 'aws_region_name'],
  ['{model: bedrock/m}', 'aws_region_name'],
])('refused by name: %s', (params, field) => {
  expect(() => called(params)).toThrow(`model_list[0].litellm_params.${field}: `)
})
