/**
 * Text is normalised in pieces: sorting a long run of combining marks takes the square of its length,
 * and one character may become eighteen.
 */
const PIECE_UNITS = 256

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const ESCAPE = /\\(?:u([0-9a-f]{4})|[^])/gi
const BACKSLASH = 0x5c
const LOWER_U = 0x75

/**
 * The most bytes that a text has before and after NFKC, for tokenizers that normalise: U+FDFA grows
 * elevenfold there. Takes text, or bytes of JSON, whose `\u` escapes are read. Never less than the
 * bytes as they are; time is linear.
 */
export function nfkcBytes(input: Uint8Array | string): number {
  if (typeof input === 'string') return Math.max(utf8Bytes(input), normalisedBytes(input))
  if (isPlain(input)) return input.length
  const text = decoder.decode(input)
  const spelled = text.includes(String.raw`\u`) ? text.replace(ESCAPE, spell) : text
  return Math.max(input.length, normalisedBytes(spelled))
}

/** Nothing but ASCII, and no escape that could stand for anything else. */
function isPlain(json: Uint8Array): boolean {
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!
    if (byte >= 0x80 || (byte === BACKSLASH && json[at + 1] === LOWER_U)) return false
  }
  return true
}

function spell(escape: string, digits: string | undefined): string {
  return digits === undefined ? escape : String.fromCharCode(Number.parseInt(digits, 16))
}

function normalisedBytes(text: string): number {
  let bytes = 0
  for (let from = 0; from < text.length;) {
    const to = pieceEnd(text, from)
    const piece = text.slice(from, to)
    bytes += isAscii(piece) ? piece.length : utf8Bytes(piece.normalize('NFKC'))
    from = to
  }
  return bytes
}

/** Two surrogates stay together. */
function pieceEnd(text: string, from: number): number {
  const to = from + PIECE_UNITS
  const last = text.charCodeAt(to - 1)
  return last >= 0xd800 && last < 0xdc00 ? to + 1 : to
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false
  return true
}

const utf8Bytes = (text: string) => encoder.encode(text).length
