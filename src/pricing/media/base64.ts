const SKIPPED = 64
const PADDING = 65
const ESCAPE = 66
const OTHER = 67
const LOWER_U = 0x75
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

const VALUES = new Uint8Array(256).fill(OTHER)
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value
for (const [character, value] of [
  ['+', 62],
  ['-', 62],
  ['/', 63],
  ['_', 63],
  [' ', SKIPPED],
  ['\t', SKIPPED],
  ['\n', SKIPPED],
  ['\r', SKIPPED],
  ['=', PADDING],
  ['\\', ESCAPE],
] as const) {
  VALUES[character.charCodeAt(0)] = value
}

/** What stands behind a backslash in JSON; other escapes are not base64. */
const ESCAPED: ReadonlyMap<number, number> = new Map([
  [0x2f, 63],
  [0x6e, SKIPPED],
  [0x72, SKIPPED],
  [0x74, SKIPPED],
])

/**
 * The first bytes, at most `maxBytes`, that a piece of base64 within JSON text decodes to: either
 * alphabet, with or without padding, line breaks and escapes. Reads no further than it must; null if
 * what it reads is not base64.
 */
export function base64Prefix(
  text: Uint8Array,
  { from, to, maxBytes }: { readonly from: number; readonly to: number; readonly maxBytes: number },
): Uint8Array | null {
  const end = Math.min(to, text.length)
  if (!(from >= 0 && from <= end)) return null
  const out = new Uint8Array(Math.min(maxBytes, Math.ceil((end - from) / 4) * 3))
  let length = 0
  let bits = 0
  let count = 0
  for (let at = from; at < end && length < out.length; at++) {
    let value = VALUES[text[at]!]!
    if (value === ESCAPE) {
      const isCode = text[at + 1] === LOWER_U
      value = isCode ? valueOfCode(text, at) : (ESCAPED.get(text[at + 1]!) ?? OTHER)
      at += isCode ? 5 : 1
    }
    if (value === OTHER || at >= end) return null
    if (value === SKIPPED) continue
    if (value === PADDING) break
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count >= 8) {
      count -= 8
      out[length++] = bits >> count
    }
  }
  return out.subarray(0, length)
}

function valueOfCode(text: Uint8Array, at: number): number {
  const digits = String.fromCharCode(...text.subarray(at + 2, at + 6))
  const code = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1
  const value = VALUES[code] ?? OTHER
  return value === ESCAPE ? OTHER : value
}

/** How many bytes a piece of base64 decodes to, at most. */
export function decodedBytes(base64Bytes: number): number {
  return Math.ceil((base64Bytes * 3) / 4)
}
