import type { Price } from '../config/config.ts'
import { type Pico, times } from '../money.ts'

/** Tokens × their price, in picodollars. Counts are non-negative integers. */
export function costOf(
  price: Price,
  tokens: { readonly inputTokens: number; readonly outputTokens: number },
): Pico {
  return times(tokens.inputTokens, price.inputPico) + times(tokens.outputTokens, price.outputPico)
}
