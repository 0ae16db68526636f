// Which of a request's keys and short texts mean something to us, told without building strings.

import { startsWith } from './skim.ts'

/** Codes of keys; 0 is any other key, or none (an item of an array). */
export const NAME = {
  messages: 1,
  input: 2,
  tools: 3,
  content: 4,
  output: 5,
  type: 6,
  image_url: 7,
  audio_url: 8,
  video_url: 9,
  file_url: 10,
  input_audio: 11,
  file: 12,
  source: 13,
  url: 14,
  data: 15,
  file_data: 16,
  file_id: 17,
  media_type: 18,
  detail: 19,
  ttl: 20,
  mcp_servers: 21,
  // Gemini's tools have no type; what runs at Google is told by the key.
  google_search: 22,
  googleSearch: 23,
  url_context: 24,
  urlContext: 25,
  code_execution: 26,
  codeExecution: 27,
} as const

export const GEMINI_TOOL_FIRST = NAME.google_search

const QUOTES = 2
const BACKSLASH = 0x5c
const LOWER_U = 0x75
/** `\u0041`. */
const ESCAPE_BYTES = 6

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const NAMES = Object.entries(NAME).map(([name, code]) => ({ name: encoder.encode(name), code }))
const NAME_MAX = Math.max(...NAMES.map(({ name }) => name.length))

const BY_LENGTH = Array.from({ length: NAME_MAX + 1 }, (_, length) =>
  NAMES.filter(({ name }) => name.length === length),
)

/** The code of a quoted key, however it is escaped. */
export function nameCode(bytes: Uint8Array, start: number, end: number): number {
  const code = find(bytes, start + 1, end - start - QUOTES)
  if (code !== 0 || end - start < QUOTES + ESCAPE_BYTES) return code
  const length = unescape(bytes, start, end)
  return length === null ? 0 : find(scratch, 0, length)
}

function find(bytes: Uint8Array, start: number, length: number): number {
  const rows = BY_LENGTH[length]
  if (rows === undefined) return 0
  const first = bytes[start]
  for (const { name, code } of rows) {
    if (name[0] === first && startsWith(bytes, start, name)) return code
  }
  return 0
}

// One for all: nothing awaits between writing and reading.
const scratch = new Uint8Array(NAME_MAX)

/** Spells a quoted text with `\u00XX` in it into the scratch; null if it has none, or no known name. */
function unescape(bytes: Uint8Array, start: number, end: number): number | null {
  if (end - start > QUOTES + NAME_MAX * ESCAPE_BYTES) return null
  let length = 0
  let hasEscape = false
  for (let at = start + 1; at < end - 1; at++) {
    let byte = bytes[at]!
    if (byte === BACKSLASH) {
      byte = escaped(bytes, at)
      at += ESCAPE_BYTES - 1
      hasEscape = true
    }
    if (byte === 0 || length === NAME_MAX) return null
    scratch[length++] = byte
  }
  return hasEscape ? length : null
}

/** The ASCII letter that an escape stands for; 0: something else, which no name has. */
function escaped(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== LOWER_U || bytes[at + 2] !== 0x30 || bytes[at + 3] !== 0x30) return 0
  const value = hexValue(bytes[at + 4]!) * 16 + hexValue(bytes[at + 5]!)
  return value < 0x80 ? value : 0
}

/** Of a digit that the scanner has checked. */
const hexValue = (digit: number) => (digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57)

const ONE_HOUR = encoder.encode('1h')

/** Whether a quoted text reads `1h`. */
export function isOneHour(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start - QUOTES
  if (length === ONE_HOUR.length) return startsWith(bytes, start + 1, ONE_HOUR)
  return unescape(bytes, start, end) === ONE_HOUR.length && startsWith(scratch, 0, ONE_HOUR)
}

/** A short quoted text as it reads; null if it is longer than any that we know. */
export function readText(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start - QUOTES > 64 * ESCAPE_BYTES) return null
  const text: unknown = JSON.parse(decoder.decode(bytes.subarray(start, end)))
  return typeof text === 'string' ? text : null
}

/** Texts that are told apart by their bytes as written, quotes included. */
export function textCodes<Code>(codes: Readonly<Record<string, Code>>) {
  const rows = Object.entries(codes).map(([text, code]) => ({
    quoted: encoder.encode(JSON.stringify(text)),
    code,
  }))
  return (bytes: Uint8Array, start: number, end: number): Code | null => {
    for (const { quoted, code } of rows) {
      if (quoted.length === end - start && startsWith(bytes, start, quoted)) return code
    }
    return null
  }
}
