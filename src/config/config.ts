import type { TeamChanges } from '../db/team-update.ts'
import type { Enforcement } from '../ledger/policy.ts'
import type { Overrides } from '../pricing/overrides.ts'
import type { Price } from '../pricing/rates.ts'
import type { Resets } from '../windows.ts'
import type { JwtAuth, PublicKeySettings } from './jwt/jwt-auth.ts'

/** What config.yaml says, with every default filled in. Made by parse.ts only, and frozen. */
export interface Config {
  readonly deployments: readonly Deployment[]
  /** Another name → a model group, or the name of one that a wildcard answers for. */
  readonly modelGroupAlias: Readonly<Record<string, Alias>>
  readonly settings: Settings
  readonly index: ModelIndex
}

/** One row of `model_list`. Rows of one `model_name` form a model group. */
export interface Deployment {
  /** `model_info.id`, else a hash of the row as it is written, so it survives a rotated secret. */
  readonly id: string
  /** `model_name`: a name, or a pattern such as `openai/*`. */
  readonly group: string
  readonly provider: string
  /** What is sent upstream: `litellm_params.model` without its provider. */
  readonly model: string
  /** Without a trailing slash; empty only where `mockResponse` answers in the provider's place. */
  readonly apiBase: string
  /** Azure's dated version, whose URLs name the model. Null: plain paths. */
  readonly apiVersion: string | null
  readonly apiKey: string | null
  /** Of the model as it is named here, at this moment. Null: nobody knows it. */
  readonly price: Price | null
  readonly mockResponse: string | null
  readonly timeoutMs: number
  readonly streamTimeoutMs: number
  readonly weight: number
  readonly mode: string | null
  /** Runs on the operator's own machines. */
  readonly local: boolean
  readonly maxInputTokens: number | null
  readonly maxOutputTokens: number | null
  /** What `model` really is, where it is a name of the operator's own. */
  readonly baseModel: string | null
  /** Prices that the row sets itself. */
  readonly overrides: Overrides | null
}

export interface Alias {
  readonly group: string
  /** Works, but is not listed by /models. */
  readonly hidden: boolean
}

export interface Settings {
  readonly masterKey: string | null
  readonly budgetExceeded: Era
  readonly teamMetricLabels: Era
  /** How windows lie that rows say nothing about. */
  readonly resets: Resets
  readonly prometheus: boolean
  /** Null: not said. */
  readonly requireAuthForMetrics: boolean | null
  readonly defaultEstimatedOutputTokens: number
  /** Of teams and keys that do not say. */
  readonly budgetEnforcement: Enforcement
  /** Whether a strict budget may lower a call's output cap, and not below what. */
  readonly strictClamp: boolean
  readonly strictMinOutputTokens: number
  /** Whether members' requests and tokens per minute are limited. */
  readonly memberRateLimits: boolean
  readonly requestTimeoutMs: number
  readonly maxRequestBytes: number
  readonly teamDefaults: TeamDefaults
  /** Where the operator's own price file is; null: there is none. */
  readonly priceFileUrl: string | null
  /** Whether it is taken over however much it changes. */
  readonly priceFileAcceptChanges: boolean
  /** Null: nobody is known by a token. */
  readonly jwtAuth: JwtAuth | null
  /** Cloudflare Access in front of the admin pages; null: it is not. */
  readonly access: PublicKeySettings | null
  /** A header that carries the key instead of `Authorization`. */
  readonly keyHeaderName: string | null
  /** Paths that the operator knows to have no effect. */
  readonly ignoreUnsupported: readonly string[]
}

/** What a new team gets where whoever makes it says nothing, the nearest first. */
export interface TeamDefaults {
  readonly byTeam: readonly { readonly teamId: string; readonly values: TeamDefaultValues }[]
  readonly general: readonly TeamDefaultValues[]
}

/** USD as decimal text. */
export type TeamDefaultValues = TeamChanges

/** LiteLLM's documentation, or LiteLLM's behaviour as of that version. */
export type Era = 'docs' | 'v1.84'

/** Answers a model name without looking through the list: this is asked on every request. */
export interface ModelIndex {
  readonly groups: ReadonlyMap<string, readonly Deployment[]>
  readonly aliases: ReadonlyMap<string, Alias>
  readonly byId: ReadonlyMap<string, Deployment>
  /** The longest pattern first. */
  readonly wildcards: readonly Wildcard[]
}

export interface Wildcard {
  readonly pattern: string
  readonly matcher: RegExp
  readonly deployments: readonly Deployment[]
}
