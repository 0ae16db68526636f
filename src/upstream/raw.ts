// What came from a provider, before it is believed.

export type RawObject = Readonly<Record<string, unknown>>

export const asObject = (value: unknown): RawObject | null => (isObject(value) ? value : null)

const isObject = (value: unknown): value is RawObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

/** 0 if none of them is a count. */
export const firstCount = (...candidates: readonly unknown[]): number =>
  candidates.find(isCount) ?? 0
