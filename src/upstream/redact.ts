const STAND_IN = '[redacted]'
/** Shorter ones are words such as "none", which no one needs to hide. */
const KEY_MIN_LENGTH = 8

/** A provider's error without our key, which some quote; the same bytes if it is not in them. */
export function redactKey(bytes: Uint8Array, key: string | null): Uint8Array {
  if (key === null || key.length < KEY_MIN_LENGTH) return bytes
  const text = new TextDecoder().decode(bytes)
  const inJson = JSON.stringify(key).slice(1, -1)
  const forms = new Set([key, inJson, inJson.replaceAll('/', '\\/'), encodeURIComponent(key)])
  const clean = [...forms].reduce((rest, form) => rest.replaceAll(form, STAND_IN), text)
  return clean === text ? bytes : new TextEncoder().encode(clean)
}
