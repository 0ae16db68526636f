/** A time-ordered id (UUIDv7): its first 48 bits are milliseconds, the rest is random. */
export function entryId(nowMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  new DataView(bytes.buffer).setUint32(0, Math.floor(nowMs / 65_536))
  new DataView(bytes.buffer).setUint16(4, nowMs % 65_536)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = toHex(bytes)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** When the id was made; NaN if it is no id of ours. */
export function entryIdMs(id: string): number {
  let ms = 0
  for (let i = 0; i < 13; i++) if (i !== 8) ms = ms * 16 + hexDigit(id.charCodeAt(i))
  return id[8] === '-' && id[13] === '-' && id[14] === '7' ? ms : Number.NaN
}

/** The value of a lowercase digit; NaN of any other character. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  return code >= 97 && code <= 102 ? code - 87 : Number.NaN
}

const KEY_BYTES = 32

/** A new virtual key: `sk-` and 256 random bits in base64url. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
  const base64 = btoa(String.fromCharCode(...bytes))
  return `sk-${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/** SHA-256 as lowercase hex: how keys are stored and named, as in LiteLLM. */
export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return toHex(new Uint8Array(digest))
}

function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}
