import type { Metrics } from '../../db/history/daily.ts'
import { picoToUsd } from '../../money.ts'

const NOTHING: Metrics = {
  pico: 0n,
  promptTokens: 0,
  completionTokens: 0,
  requests: 0,
  successful: 0,
  failed: 0,
}

/** What they come to together. */
export function sumOf(all: readonly Metrics[]): Metrics {
  return all.reduce(
    (sum, next) => ({
      pico: sum.pico + next.pico,
      promptTokens: sum.promptTokens + next.promptTokens,
      completionTokens: sum.completionTokens + next.completionTokens,
      requests: sum.requests + next.requests,
      successful: sum.successful + next.successful,
      failed: sum.failed + next.failed,
    }),
    NOTHING,
  )
}

/** As LiteLLM names them. Tokens of caches are not told apart by day. */
export function metricFields(metrics: Metrics) {
  return {
    spend: picoToUsd(metrics.pico),
    prompt_tokens: metrics.promptTokens,
    completion_tokens: metrics.completionTokens,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    total_tokens: metrics.promptTokens + metrics.completionTokens,
    successful_requests: metrics.successful,
    failed_requests: metrics.failed,
    api_requests: metrics.requests,
  }
}

/** The same for everything that was asked for, whichever page it is on. */
export function totalFields(metrics: Metrics) {
  return Object.fromEntries(
    Object.entries(metricFields(metrics)).map(([name, value]) => [`total_${bare(name)}`, value]),
  )
}

function bare(name: string): string {
  return name === 'total_tokens' ? 'tokens' : name
}
