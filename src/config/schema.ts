import { z } from 'zod'
import { isTimezone } from '../calendar.ts'
import { isPriceField } from '../pricing/overrides.ts'
import { isMapping } from './problems.ts'
import { DefaultTeamParams, DefaultTeamSettings } from './team-defaults.ts'
import {
  count,
  endpoint,
  expected,
  expectedValue,
  flag,
  id,
  numeric,
  oneOf,
  price,
  seconds,
  text,
  texts,
} from './values.ts'

const TIMEZONE = 'a time zone such as "UTC" or "Europe/Berlin"'
const TIME_OF_DAY = 'a time of day such as "00:00" or "06:30", in quotes'
const AWS_REGION = 'a region such as "us-east-1"'
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i

export const LitellmParams = z.object(
  {
    model: text('a string such as "openai/gpt-4o"'),
    custom_llm_provider: text('a provider such as "openai"').optional(),
    api_base: endpoint().optional(),
    base_url: endpoint().optional(),
    api_version: text('a version such as "2024-10-21" or "v1"').optional(),
    aws_region_name: z
      .string(expectedValue(AWS_REGION))
      .regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, expectedValue(AWS_REGION))
      .optional(),
    api_key: z.string(expected('a string such as os.environ/OPENAI_API_KEY')).optional(),
    base_model: text().optional(),
    mock_response: z.string(expected('a string')).optional(),
    timeout: seconds().optional(),
    stream_timeout: seconds().optional(),
    weight: numeric('a number, 0 or more', [0, Number.MAX_SAFE_INTEGER]).optional(),
  },
  expected('a mapping such as {model: openai/gpt-4o}'),
)

export const ModelInfo = z.object(
  {
    id: id().optional(),
    mode: text('a string such as "chat"').optional(),
    base_model: text().optional(),
    max_input_tokens: count('a whole number of tokens').optional(),
    max_tokens: count('a whole number of tokens').optional(),
    max_output_tokens: count('a whole number of tokens').optional(),
  },
  expected('a mapping such as {id: my-id}'),
)

/** The prices among a row's fields: LiteLLM has hundreds of names for them. */
export const Prices = z.preprocess(
  (fields) => {
    if (!isMapping(fields)) return {}
    const given = Object.entries(fields).filter(([, value]) => value !== null)
    return Object.fromEntries(given.filter(([name]) => isPriceField(name)))
  },
  z.record(z.string(), price()),
)

export const Row = z.object(
  {
    model_name: text('a string such as "gpt-4o" or "openai/*"'),
    litellm_params: LitellmParams,
    model_info: ModelInfo.optional(),
  },
  expected('a mapping with model_name and litellm_params'),
)

export const LitellmSettings = z.object(
  {
    callbacks: texts('a list such as ["prometheus"]').optional(),
    success_callback: texts('a list such as ["prometheus"]').optional(),
    failure_callback: texts('a list such as ["prometheus"]').optional(),
    require_auth_for_metrics_endpoint: flag().optional(),
    request_timeout: seconds().optional(),
    budget_reset_alignment: oneOf('rolling', 'calendar').optional(),
    default_team_settings: DefaultTeamSettings.optional(),
    default_team_params: DefaultTeamParams.optional(),
    budget_rollover: flag().optional(),
    budget_rollover_max: numeric(
      'how many budgets, more than 0 and at most 1000',
      [0.001, 1_000],
    ).optional(),
    timezone: z
      .string(expectedValue(TIMEZONE))
      .refine(isTimezone, expectedValue(TIMEZONE))
      .optional(),
    budget_reset_time: z
      .string(expectedValue(TIME_OF_DAY))
      .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, expectedValue(TIME_OF_DAY))
      .optional(),
  },
  expected('a mapping'),
)

export const GeneralSettings = z.object(
  {
    master_key: text('a string such as os.environ/LITELLM_MASTER_KEY').optional(),
    litellm_compatibility: oneOf('docs', 'v1.84').optional(),
    budget_exceeded_error: oneOf('docs', 'v1.84').optional(),
    team_metric_labels: oneOf('docs', 'v1.84').optional(),
    default_estimated_output_tokens: count('a whole number of tokens').optional(),
    budget_enforcement: oneOf('headroom', 'strict', 'observe').optional(),
    strict_clamp: flag().optional(),
    strict_min_output_tokens: count('a whole number of tokens').optional(),
    max_request_size_mb: numeric('megabytes, more than 0 and at most 100', [0.001, 100]).optional(),
    price_file_url: z
      .url({ ...expectedValue('the URL of a price file'), protocol: /^https?$/ })
      .optional(),
    price_file_accept_changes: flag().optional(),
    enable_jwt_auth: flag().optional(),
    litellm_key_header_name: text()
      .regex(HEADER_NAME, { error: 'expected the name of a header such as "x-litellm-key"' })
      .optional(),
    allowed_api_base_hosts: texts('a list of hosts such as ["llm.example.internal"]').optional(),
    ignore_unsupported: texts('a list of paths such as ["litellm_settings.max_budget"]').optional(),
  },
  expected('a mapping'),
)

const Alias = z.union(
  [text(), z.object({ model: text(), hidden: flag().optional() })],
  expected('the model_name of a group, or {model: its model_name, hidden: true}'),
)

export const EnvironmentVariables = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()], expected('a string')),
  expected('a mapping such as {OPENAI_API_KEY: sk-…}'),
)

export const RouterSettings = z.object(
  {
    model_group_alias: z.record(z.string(), Alias, expected('a mapping of names')).optional(),
    timeout: seconds().optional(),
    stream_timeout: seconds().optional(),
  },
  expected('a mapping'),
)

export type Row = z.infer<typeof Row>
export type LitellmParams = z.infer<typeof LitellmParams>
export type LitellmSettings = z.infer<typeof LitellmSettings>
export type GeneralSettings = z.infer<typeof GeneralSettings>
export type RouterSettings = z.infer<typeof RouterSettings>
