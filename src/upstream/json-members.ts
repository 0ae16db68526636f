// A request body is edited by cutting and pasting its top-level members, so that every byte we do not
// own (big integers, unknown fields, odd spacing) reaches the provider as the client wrote it.

import type { MediaPart } from './body-media.ts'
import { CLOSE_OBJECT, COMMA, JsonError, JsonScanner, OPEN_OBJECT } from './json-scan.ts'

export { JsonError }

export interface Member {
  /** Offset of the key's opening quote. */
  readonly start: number
  readonly valueStart: number
  /** Offset just past the value's last byte. */
  readonly valueEnd: number
}

export interface JsonObject {
  /** In the order in which they stand in the text. */
  readonly members: ReadonlyMap<string, Member>
  /** Offset just past the opening brace. */
  readonly bodyStart: number
  /** Parts of messages that are not text, in their order; the first thousand. */
  readonly media: readonly MediaPart[]
  /** There are more audio or files than those. */
  readonly hasMoreMedia: boolean
  /** Bytes of inline images in message parts: what a model bills per image, not per byte. */
  readonly mediaBytes: number
  /** All images of message parts, those at a URL too. */
  readonly mediaCount: number
  /** Bytes of other inline encodings (audio, files): no limit per item. */
  readonly otherMediaBytes: number
  /** Audio and files at a URL or behind an id: they may fill the model's window. */
  readonly unknownMediaCount: number
  readonly toolCount: number
  /** Types of tools that the provider may run, in turns that nobody bounds; at most 32. */
  readonly serverTools: readonly string[]
  readonly hasWebSearchOptions: boolean
  /** Some `ttl` is `1h`: what is written to a cache may cost more. */
  readonly hasLongCacheTtl: boolean
}

/** Real requests have some dozens; building millions would cost an isolate its memory. */
const MEMBERS_MAX = 1_000
const BYTE_ORDER_MARK = 0xef

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/**
 * Checks the whole text against RFC 8259 and UTF-8 in one pass, and finds the top-level members.
 * Throws a JsonError for anything that JSON.parse would refuse, for a byte order mark, for nesting
 * beyond 512 levels, and for a repeated top-level field: two readers could disagree which one counts.
 */
export function scanObject(bytes: Uint8Array): JsonObject {
  const scan = new JsonScanner(bytes)
  const first = scan.peek()
  if (first === undefined) throw new JsonError('empty body', scan.at)
  if (first === BYTE_ORDER_MARK) throw new JsonError('byte order mark', scan.at)
  if (first !== OPEN_OBJECT) scan.fail("a JSON object: '{'")
  scan.open(CLOSE_OBJECT)
  const bodyStart = scan.at
  const members = readMembers(bytes, scan)
  if (scan.peek() !== undefined) scan.fail('nothing after the object')
  const { media, tools, strayBytes, hasLongCacheTtl } = scan.facts
  return {
    members,
    bodyStart,
    media: media.parts,
    hasMoreMedia: media.hasMore,
    mediaBytes: media.imageBytes,
    mediaCount: media.imageCount,
    otherMediaBytes: media.otherBytes + strayBytes,
    unknownMediaCount: media.unknownCount,
    toolCount: tools.count,
    serverTools: tools.serverTools,
    hasWebSearchOptions: members.has('web_search_options'),
    hasLongCacheTtl,
  }
}

function readMembers(bytes: Uint8Array, scan: JsonScanner): Map<string, Member> {
  const members = new Map<string, Member>()
  let next = scan.peek()
  while (next !== CLOSE_OBJECT) {
    scan.peek()
    const start = scan.at
    const name = decodeKey(bytes.subarray(start, scan.key()))
    if (members.size === MEMBERS_MAX) throw new JsonError(`more than ${MEMBERS_MAX} fields`, start)
    if (members.has(name)) throw new JsonError(`duplicate field ${JSON.stringify(name)}`, start)
    scan.peek()
    const valueStart = scan.at
    scan.value()
    members.set(name, { start, valueStart, valueEnd: scan.at })
    next = scan.peek()
    if (next === COMMA) scan.at++
    else if (next !== CLOSE_OBJECT) scan.fail("',' or '}'")
  }
  scan.at++
  return members
}

function decodeKey(quoted: Uint8Array): string {
  const text = decoder.decode(quoted)
  return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1)
}

/** One member's value; undefined if the object has no such member. */
export function readMember(bytes: Uint8Array, object: JsonObject, name: string): unknown {
  const member = object.members.get(name)
  if (!member) return undefined
  return JSON.parse(decoder.decode(bytes.subarray(member.valueStart, member.valueEnd)))
}

/**
 * The text with some top-level members changed: a string (JSON text) replaces the value or appends
 * the member, null removes it. Every other byte stays, in its order.
 */
export function spliceMembers(
  bytes: Uint8Array,
  object: JsonObject,
  edits: Readonly<Record<string, string | null>>,
): Uint8Array {
  const out = new Cuts(bytes)
  const wanted = new Map(Object.entries(edits))
  let kept = 0
  let previousEnd = object.bodyStart
  for (const [name, member] of object.members) {
    const edit = wanted.get(name)
    // Each kept member but the first stands behind the separator that it had.
    if (edit === null && kept > 0) out.replace(previousEnd, member.valueEnd)
    else {
      if (kept === 0 && previousEnd > object.bodyStart) out.replace(previousEnd, member.start)
      if (edit === null) out.replace(member.start, member.valueEnd)
      else kept++
    }
    if (typeof edit === 'string') out.replace(member.valueStart, member.valueEnd, edit)
    previousEnd = member.valueEnd
  }
  for (const [name, edit] of wanted) {
    if (edit === null || object.members.has(name)) continue
    out.replace(previousEnd, previousEnd, `${kept++ > 0 ? ',' : ''}${JSON.stringify(name)}:${edit}`)
  }
  return out.finish()
}

/** Collects replacements, given in order, and copies once. */
class Cuts {
  readonly #bytes: Uint8Array
  readonly #pieces: Uint8Array[] = []
  #copiedTo = 0
  #length = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  replace(from: number, to: number, text = ''): void {
    this.#add(this.#bytes.subarray(this.#copiedTo, from))
    this.#add(encoder.encode(text))
    this.#copiedTo = to
  }

  finish(): Uint8Array {
    if (this.#copiedTo === 0) return this.#bytes
    this.#add(this.#bytes.subarray(this.#copiedTo))
    const result = new Uint8Array(this.#length)
    let at = 0
    for (const piece of this.#pieces) {
      result.set(piece, at)
      at += piece.length
    }
    return result
  }

  #add(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#length += piece.length
  }
}
