import { createHash } from 'node:crypto'
import type { Pico } from '../money.ts'
import { readOverrides } from '../pricing/overrides.ts'
import { priceTag } from '../pricing/resolve.ts'
import { datedVersion, findNativeApi, findProvider, providerOf } from '../upstream/providers.ts'
import { apiBaseProblem } from './api-base.ts'
import type { HostPolicy } from './api-base.ts'
import type { Deployment } from './config.ts'
import type { Lookup } from './environment.ts'
import { isMapping } from './problems.ts'
import type { Findings } from './problems.ts'
import type { LitellmParams, Row } from './schema.ts'

/** Names that LiteLLM sends to OpenAI without a prefix. */
const OPENAI_NAME =
  /^(gpt-|chatgpt-|o\d|text-embedding-|omni-moderation-|text-moderation-|dall-e-|whisper-|tts-|davinci-|babbage-|codex-|computer-use-|ft:)/

/** What a row is made into a deployment with. */
export interface RowContext {
  /** `model_list[2]` */
  readonly path: string
  /** The row as it is written, with its references to variables. */
  readonly raw: unknown
  readonly lookup: Lookup
  readonly hosts: HostPolicy
  readonly timeoutMs: number
  readonly streamTimeoutMs: number | null
  readonly findings: Findings
  /** Prices may come that nobody knows yet. */
  readonly hasPriceFile: boolean
  /** Price fields → picodollars. */
  readonly prices: Readonly<Record<string, Pico>>
}

interface Target {
  readonly provider: string
  readonly model: string
}

/** Null if something is wrong with the row, which is then among the problems. */
export function makeDeployment(row: Row, context: RowContext): Deployment | null {
  const { litellm_params: params, model_info: info } = row
  const target = findTarget(params, context)
  if (!target || !fitsPattern(row, target, context)) return null
  const apiBase = findApiBase(params, target, context)
  if (apiBase === null) return null
  if (!mayCall(apiBase, params, context)) return null
  const { local, thresholdInclusive } = providerOf(target.provider)
  const timeoutMs = milliseconds(params.timeout) ?? context.timeoutMs
  const rules = {
    provider: target.provider,
    baseModel: info?.base_model ?? params.base_model ?? null,
    overrides: readOverrides(context.prices, { thresholdInclusive }),
    local,
  }
  const isPattern = target.model.includes('*')
  const price = priceTag(rules, target.model)
  const deployment: Deployment = {
    id: info?.id ?? hashRow(row.model_name, context.raw),
    group: row.model_name,
    ...target,
    apiBase,
    apiVersion: datedVersion(target.provider, params.api_version),
    apiKey: findApiKey(params, target, context),
    mockResponse: params.mock_response ?? null,
    timeoutMs,
    streamTimeoutMs: milliseconds(params.stream_timeout) ?? context.streamTimeoutMs ?? timeoutMs,
    weight: params.weight ?? 1,
    mode: info?.mode ?? null,
    ...rules,
    get price() {
      return price()
    },
    maxInputTokens: info?.max_input_tokens ?? null,
    maxOutputTokens: info?.max_output_tokens ?? info?.max_tokens ?? null,
  }
  if (price() === null && !isPattern && !context.hasPriceFile) warnOfPrice(context)
  if (params.api_version !== undefined && !target.provider.startsWith('azure')) {
    context.findings.warnings.push(
      `${context.path}.litellm_params.api_version: only Azure has versions, so it has no effect`,
    )
  }
  return deployment
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.ceil(seconds * 1000)
}

function findTarget(params: LitellmParams, context: RowContext): Target | null {
  const { model, custom_llm_provider: chosen } = params
  const prefix = model.includes('/') ? model.slice(0, model.indexOf('/')) : null
  const rest = prefix === null ? model : model.slice(prefix.length + 1)
  const at = `${context.path}.litellm_params.model`
  const complain = (what: string) => {
    context.findings.problems.push(`${at}: ${what}`)
    return null
  }
  const elsewhere = apiBaseOf(params) !== undefined || params.mock_response !== undefined
  if (rest === '' || prefix === '') return complain(`expected "provider/model", got "${model}"`)
  if (prefix === null && chosen === undefined) {
    if (elsewhere || OPENAI_NAME.test(model)) return { provider: 'openai', model }
    return complain(`expected "provider/model" such as "openai/${model}", got "${model}"`)
  }
  const provider = chosen ?? prefix ?? 'openai'
  const target = { provider, model: provider === prefix ? rest : model }
  if (findProvider(provider) || params.mock_response !== undefined) return target
  const native = findNativeApi(provider)
  if (native !== null) return complain(`"${provider}" is not built yet: write ${native}`)
  if (!elsewhere) return complain(unknownProvider(provider, target.model))
  context.findings.warnings.push(
    `${at}: "${provider}" is not a provider that Tollgate knows: "${target.model}" is sent to api_base; to send the whole name, write openai/${model}`,
  )
  return target
}

function unknownProvider(provider: string, model: string): string {
  return `"${provider}" is not a provider that Tollgate knows: write openai/${model} and the api_base of its OpenAI-compatible endpoint`
}

function fitsPattern(row: Row, { model }: Target, { path, findings }: RowContext): boolean {
  const [inName, inModel] = [row.model_name, model].map((text) => text.split('*').length - 1)
  if (inModel === 0 || inName === inModel) return true
  findings.problems.push(
    `${path}.litellm_params.model: expected as many * as in model_name "${row.model_name}" or none, got "${row.litellm_params.model}"`,
  )
  return false
}

function apiBaseOf(params: LitellmParams): string | undefined {
  return params.api_base ?? params.base_url
}

function findApiBase(params: LitellmParams, target: Target, context: RowContext): string | null {
  const { baseUrl, bareHostPath } = providerOf(target.provider)
  const given = apiBaseOf(params)
  if (given !== undefined) {
    const isBare = new URL(given).pathname === '/'
    const isDated = datedVersion(target.provider, params.api_version) !== null
    return given.replace(/\/+$/, '') + (isBare && !isDated ? bareHostPath : '')
  }
  const made = baseFromFields(params, target, context)
  if (made !== null) return made
  if (baseUrl !== null || params.mock_response !== undefined) return baseUrl ?? ''
  context.findings.problems.push(`${context.path}.litellm_params.${addressProblem(target)}`)
  return null
}

function addressProblem({ provider }: Target): string {
  if (provider === 'bedrock') {
    return 'aws_region_name: expected a region such as "us-east-1" here or in AWS_REGION_NAME, got nothing'
  }
  if (provider === 'cloudflare') {
    return 'api_base: expected it, or the account in CLOUDFLARE_ACCOUNT_ID, got nothing'
  }
  return `api_base: expected the URL of your ${provider} server such as "http://10.0.0.5:8000/v1", got nothing`
}

function mayCall(apiBase: string, params: LitellmParams, context: RowContext): boolean {
  // The table's own addresses need no look.
  if (params.mock_response !== undefined || apiBaseOf(params) === undefined) return true
  const problem = apiBaseProblem(apiBase, context.hosts)
  if (problem === null) return true
  const field =
    params.api_base === undefined && params.base_url !== undefined ? 'base_url' : 'api_base'
  context.findings.problems.push(`${context.path}.litellm_params.${field}: ${problem}`)
  return false
}

/** The address of providers that have one for every region or account. */
function baseFromFields(
  params: LitellmParams,
  { provider }: Target,
  { lookup }: RowContext,
): string | null {
  if (provider === 'bedrock') {
    const names = providerOf(provider).addressNames
    const region = params.aws_region_name ?? names.map(lookup).find((name) => name !== undefined)
    return region && /^[a-z\d-]+$/.test(region)
      ? `https://bedrock-runtime.${region}.amazonaws.com/openai/v1`
      : null
  }
  const account = provider === 'cloudflare' ? lookup('CLOUDFLARE_ACCOUNT_ID') : undefined
  if (account === undefined || !/^\w+$/.test(account)) return null
  return `https://api.cloudflare.com/client/v4/accounts/${account}/ai/v1`
}

function findApiKey(params: LitellmParams, target: Target, context: RowContext): string | null {
  if (params.api_key !== undefined) return params.api_key || null
  const { apiKeyName, keyHost } = providerOf(target.provider)
  // A key that belongs to the provider must not travel to another address, nor replace one that
  // was named and is missing.
  const isNamed = rawParams(context.raw).api_key !== undefined
  const given = apiBaseOf(params)
  const isElsewhere = given !== undefined && !keyHost?.test(new URL(given).hostname)
  if (isElsewhere || isNamed || apiKeyName === null) return null
  if (params.mock_response !== undefined) return null
  const found = context.lookup(apiKeyName) ?? null
  if (found === null) {
    context.findings.warnings.push(
      `${context.path}.litellm_params.api_key is not set, and neither is ${apiKeyName}: calls to ${target.provider} go out without a key`,
    )
  }
  return found
}

function warnOfPrice({ path, findings }: RowContext): void {
  findings.warnings.push(
    `${path} has no price, so callers with a budget are refused: set input_cost_per_token and output_cost_per_token, or the model_info.base_model that it is`,
  )
}

function rawParams(raw: unknown): Readonly<Record<string, unknown>> {
  const params = isMapping(raw) ? raw.litellm_params : undefined
  return isMapping(params) ? params : {}
}

// LiteLLM's id covers the name too: the same provider row may serve under two names.
function hashRow(group: string, raw: unknown): string {
  return createHash('sha256')
    .update(canonicalJson([group, rawParams(raw)]))
    .digest('hex')
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (!isMapping(inner)) return inner
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
