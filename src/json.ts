/** JSON in which a bigint is `{"pico":"…"}`: what Durable Objects keep values as. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) =>
    typeof item === 'bigint' ? { pico: String(item) } : item,
  )
}

/** The inverse of `encode`, for text that we wrote ourselves. */
export function decode<T>(text: string): T {
  return JSON.parse(text, (_name, item: unknown) => (isPico(item) ? BigInt(item.pico) : item)) as T
}

/** Some objects have names that users chose as their properties: one of these may be `pico` too. */
function isPico(item: unknown): item is { readonly pico: string } {
  if (typeof item !== 'object' || item === null || !('pico' in item)) return false
  return typeof item.pico === 'string' && /^-?\d+$/.test(item.pico)
}
