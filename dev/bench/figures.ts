export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The smallest value that a share of all of them does not pass; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
