/** How a provider is reached. */
export interface Provider {
  /** Whose API it speaks. */
  readonly wire: 'openai' | 'anthropic'
  /** Null: every installation has its own, so `api_base` must be given. */
  readonly baseUrl: string | null
  /**
   * Whether `stream_options.include_usage` may be sent: `ask` for usage, it comes `always` and the
   * option is refused or useless, or it `never` comes.
   */
  readonly streamUsage: 'ask' | 'always' | 'never'
  /** The header that carries the key. */
  readonly auth: 'bearer' | 'api-key' | 'x-api-key'
  /** The parameter that caps the output of chats; OpenAI's newer models refuse the old one. */
  readonly outputCap: 'max_tokens' | 'max_completion_tokens'
  /** Runs on the operator's own machines and costs nothing unless it is priced. */
  readonly local: boolean
  /** A context tier begins at its threshold, not above it. */
  readonly thresholdInclusive: boolean
  /** Its usage states what it bills. */
  readonly reportsCost: boolean
  /** Hosts that `apiKeyName`'s key may go to, where every installation has its own address. */
  readonly keyHost: RegExp | null
  /** Where LiteLLM's clients put the key when `api_key` is not given. */
  readonly apiKeyName: string | null
  /** Variables that its address may be made of. */
  readonly addressNames: readonly string[]
  /** Added to an `api_base` without a path, which LiteLLM takes as the native API's root. */
  readonly bareHostPath: string
}

const CUSTOM: Provider = {
  wire: 'openai',
  baseUrl: null,
  auth: 'bearer',
  streamUsage: 'ask',
  outputCap: 'max_tokens',
  local: false,
  thresholdInclusive: false,
  reportsCost: false,
  keyHost: null,
  apiKeyName: null,
  addressNames: [],
  bareHostPath: '',
}

function hosted(baseUrl: string, apiKeyName: string, more: Partial<Provider> = {}): Provider {
  return { ...CUSTOM, baseUrl, apiKeyName, ...more }
}

function selfHosted(more: Partial<Provider> = {}): Provider {
  return { ...CUSTOM, local: true, ...more }
}

const together = hosted('https://api.together.xyz/v1', 'TOGETHERAI_API_KEY')
const fireworks = hosted('https://api.fireworks.ai/inference/v1', 'FIREWORKS_AI_API_KEY')
// LiteLLM speaks Ollama's native API at the root; its OpenAI-compatible one is under /v1.
const ollama = selfHosted({ baseUrl: 'http://localhost:11434/v1', bareHostPath: '/v1' })

const cohere = hosted('https://api.cohere.ai/compatibility/v1', 'COHERE_API_KEY')
const azure: Provider = {
  ...CUSTOM,
  auth: 'api-key',
  outputCap: 'max_completion_tokens',
  apiKeyName: 'AZURE_API_KEY',
  keyHost: /\.azure\.(?:com|us|cn)$/,
  bareHostPath: '/openai/v1',
}

/** By LiteLLM's provider prefix, the part of `litellm_params.model` before its first slash. */
const PROVIDERS: ReadonlyMap<string, Provider> = new Map<string, Provider>([
  [
    'openai',
    hosted('https://api.openai.com/v1', 'OPENAI_API_KEY', { outputCap: 'max_completion_tokens' }),
  ],
  ['text-completion-openai', hosted('https://api.openai.com/v1', 'OPENAI_API_KEY')],
  ['custom_openai', CUSTOM],
  ['openai_like', CUSTOM],
  ['litellm_proxy', CUSTOM],
  [
    'anthropic',
    hosted('https://api.anthropic.com/v1', 'ANTHROPIC_API_KEY', {
      wire: 'anthropic',
      bareHostPath: '/v1',
    }),
  ],
  [
    'gemini',
    hosted('https://generativelanguage.googleapis.com/v1beta/openai', 'GEMINI_API_KEY', {
      bareHostPath: '/v1beta/openai',
    }),
  ],
  // Answers 422 to stream_options, and puts usage into the last chunk without being asked.
  ['mistral', hosted('https://api.mistral.ai/v1', 'MISTRAL_API_KEY', { streamUsage: 'always' })],
  ['groq', hosted('https://api.groq.com/openai/v1', 'GROQ_API_KEY')],
  ['deepseek', hosted('https://api.deepseek.com', 'DEEPSEEK_API_KEY')],
  [
    'xai',
    hosted('https://api.x.ai/v1', 'XAI_API_KEY', {
      thresholdInclusive: true,
      reportsCost: true,
    }),
  ],
  [
    'openrouter',
    hosted('https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY', {
      streamUsage: 'always',
      reportsCost: true,
    }),
  ],
  ['together_ai', together],
  ['fireworks_ai', fireworks],
  ['cerebras', hosted('https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY')],
  [
    'perplexity',
    hosted('https://api.perplexity.ai/v1', 'PERPLEXITYAI_API_KEY', {
      reportsCost: true,
    }),
  ],
  ['deepinfra', hosted('https://api.deepinfra.com/v1/openai', 'DEEPINFRA_API_KEY')],
  ['moonshot', hosted('https://api.moonshot.ai/v1', 'MOONSHOT_API_KEY')],
  ['zai', hosted('https://api.z.ai/api/paas/v4', 'ZAI_API_KEY')],
  ['minimax', hosted('https://api.minimax.io/v1', 'MINIMAX_API_KEY')],
  [
    'dashscope',
    hosted('https://dashscope-intl.aliyuncs.com/compatible-mode/v1', 'DASHSCOPE_API_KEY'),
  ],
  ['nvidia_nim', hosted('https://integrate.api.nvidia.com/v1', 'NVIDIA_NIM_API_KEY')],
  ['huggingface', hosted('https://router.huggingface.co/v1', 'HUGGINGFACE_API_KEY')],
  ['nebius', hosted('https://api.tokenfactory.nebius.com/v1', 'NEBIUS_API_KEY')],
  ['novita', hosted('https://api.novita.ai/openai', 'NOVITA_API_KEY')],
  ['sambanova', hosted('https://api.sambanova.ai/v1', 'SAMBANOVA_API_KEY')],
  ['siliconflow', hosted('https://api.siliconflow.com/v1', 'SILICONFLOW_API_KEY')],
  ['github', hosted('https://models.github.ai/inference', 'GITHUB_API_KEY')],
  ['scaleway', hosted('https://api.scaleway.ai/v1', 'SCW_SECRET_KEY')],
  ['ovhcloud', hosted('https://oai.endpoints.kepler.ai.cloud.ovh.net/v1', 'OVHCLOUD_API_KEY')],
  ['azure', azure],
  ['azure_ai', azure],
  [
    'bedrock',
    {
      ...CUSTOM,
      apiKeyName: 'AWS_BEARER_TOKEN_BEDROCK',
      addressNames: ['AWS_REGION_NAME', 'AWS_REGION'],
    },
  ],
  ['cohere', cohere],
  ['cohere_chat', cohere],
  [
    'cloudflare',
    { ...CUSTOM, apiKeyName: 'CLOUDFLARE_API_KEY', addressNames: ['CLOUDFLARE_ACCOUNT_ID'] },
  ],
  [
    'databricks',
    {
      ...CUSTOM,
      apiKeyName: 'DATABRICKS_API_KEY',
      keyHost: /\.(?:azure)?databricks\.(?:com|net)$/,
    },
  ],
  ['ollama', ollama],
  ['ollama_chat', ollama],
  ['lm_studio', selfHosted({ baseUrl: 'http://localhost:1234/v1' })],
  ['hosted_vllm', selfHosted()],
  ['vllm', selfHosted()],
  ['llamafile', selfHosted({ baseUrl: 'http://localhost:8080/v1' })],
])

/** Providers whose own wire format is not spoken yet → what to write for their compatible one. */
const NATIVE_APIS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    vertex_ai: 'gemini/<model>',
  }),
)

/** Null: not a provider that we know, and only `api_base` can tell where it is. */
export function findProvider(name: string): Provider | null {
  return PROVIDERS.get(name) ?? null
}

/** The row of a deployment's provider; one that we do not know is plainly OpenAI-compatible. */
export function providerOf(name: string): Provider {
  return PROVIDERS.get(name) ?? CUSTOM
}

/** What to write in place of a provider that has an API of its own. Null: it has none. */
export function findNativeApi(name: string): string | null {
  return NATIVE_APIS.get(name) ?? null
}

/** The first dated version that knows `stream_options` and `max_completion_tokens`. */
const AZURE_SINCE = '2024-09-01'

/** Azure's dated `api_version`; null for its versionless API, and for everyone else. */
export function datedVersion(provider: string, version: string | undefined): string | null {
  return provider === 'azure' && version !== undefined && /^\d/.test(version) ? version : null
}

interface Called {
  readonly provider: string
  readonly model: string
  readonly apiBase: string
  readonly apiVersion: string | null
}

/** The row of a deployment's provider, as its version has it. */
export function providerFor({ provider, apiVersion }: Called): Provider {
  const row = providerOf(provider)
  if (apiVersion === null || apiVersion.slice(0, 10) >= AZURE_SINCE) return row
  return { ...row, streamUsage: 'never', outputCap: 'max_tokens' }
}

export function urlOf({ apiBase, apiVersion, model }: Called, path: string): string {
  if (apiVersion === null) return apiBase + path
  const name = encodeURIComponent(model)
  const version = encodeURIComponent(apiVersion)
  return `${apiBase}/openai/deployments/${name}${path}?api-version=${version}`
}

export function providerNames(): readonly string[] {
  return [...PROVIDERS.keys()]
}
