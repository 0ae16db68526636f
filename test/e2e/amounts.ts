import type { Bill } from '../../dev/provider.ts'

const PICO_DIGITS = 12

/** Picodollars per token in `scriptedConfig`; primes, so that no two mistakes cancel out. */
export const PRICE = { input: 1_237n, output: 3_571n }

/** What the provider's bills come to. */
export function costOf(bills: readonly Pick<Bill, 'promptTokens' | 'completionTokens'>[]): bigint {
  return bills.reduce(
    (sum, { promptTokens, completionTokens }) =>
      sum + BigInt(promptTokens) * PRICE.input + BigInt(completionTokens) * PRICE.output,
    0n,
  )
}

/** Postgres' numeric(38,12) → picodollars, without a float between. */
export function pico(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(PICO_DIGITS, '0'))
}

/** The double nearest to the amount in USD: what JSON answers carry. */
export function usd(amount: bigint): number {
  return Number(`${amount}e-${PICO_DIGITS}`)
}
