import { asObject, type RawObject, readUsage } from './usage.ts'

const NAME = '"usage":'
const USAGE_MAX_LENGTH = 8 * 1024
const decoder = new TextDecoder()

/**
 * The last usage in text whose beginning may be gone. Quotes inside JSON strings are escaped, so what
 * a model writes can't pose as one.
 */
export function lastUsage(bytes: Uint8Array): RawObject | null {
  const text = decoder.decode(bytes)
  let at = text.lastIndexOf(NAME)
  while (at >= 0) {
    const usage = objectAt(text, at + NAME.length)
    if (usage && readUsage(usage)) return usage
    at = at === 0 ? -1 : text.lastIndexOf(NAME, at - 1)
  }
  return null
}

/** The object that begins there, by its braces: no string in a usage has one. */
function objectAt(text: string, from: number): RawObject | null {
  const piece = text.slice(from, from + USAGE_MAX_LENGTH)
  if (!/^\s*\{/.test(piece)) return null
  let depth = 0
  for (let at = 0; at < piece.length; at++) {
    if (piece[at] === '{') depth++
    if (piece[at] !== '}' || --depth > 0) continue
    return parse(piece.slice(0, at + 1))
  }
  return null
}

function parse(text: string): RawObject | null {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return null
  }
}
