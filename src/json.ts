/** JSON in which a bigint is `{"pico":"…"}`: what Durable Objects keep values as. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) =>
    typeof item === 'bigint' ? { pico: String(item) } : item,
  )
}

/** The inverse of `encode`, for text that we wrote ourselves. */
export function decode<T>(text: string): T {
  return JSON.parse(text, (_name, item: unknown) =>
    typeof item === 'object' && item !== null && 'pico' in item && typeof item.pico === 'string'
      ? BigInt(item.pico)
      : item,
  ) as T
}
