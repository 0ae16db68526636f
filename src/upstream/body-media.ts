import { NAME, textCodes } from './body-names.ts'
import { type MediaKind, PART, ruleOf } from './body-rules.ts'
import { startsWith } from './skim.ts'

export type ImageDetail = 'low' | 'high' | 'auto' | 'original'

/** A part of a message that a model bills otherwise than by its text. */
export interface MediaPart {
  readonly kind: MediaKind
  /** Offsets of its base64 text in the body, as written there; -1: it is elsewhere (a URL, an id). */
  readonly start: number
  readonly end: number
  /** Bytes of the body that it takes, quotes and `data:` included; 0 if it is elsewhere. */
  readonly bytes: number
  /** As asked for; null if it is not said, or said twice. */
  readonly detail: ImageDetail | null
}

/** Beyond this, parts are counted and forgotten. */
const PARTS_MAX = 1_000
const MEDIA_BYTES_MIN = 1024
const DATA_HEADER_MAX = 256
const COMMA = 0x2c

const typeCode = textCodes({
  image: 'image',
  input_image: 'image',
  base64: 'base64',
  text: 'text',
} as const)
const detailCode = textCodes({
  low: 'low',
  high: 'high',
  auto: 'auto',
  original: 'original',
} as const)

const encoder = new TextEncoder()
const DATA = encoder.encode('data:')
const DATA_IMAGE = encoder.encode('data:image')
const DATA_AUDIO = encoder.encode('data:audio')
const HTTP = encoder.encode('http:')
const HTTPS = encoder.encode('https:')
const IMAGE = encoder.encode('image')

/** What one object has said so far. A thing that is said twice is not believed: readers differ. */
interface Frame {
  readonly watch: number
  types: number
  type: 'image' | 'base64' | 'text' | null
  details: number
  detail: ImageDetail | null
  mediaTypes: number
  isImage: boolean
  elsewhere: number
  pieces: Piece[]
}

type Piece = Omit<MediaPart, 'detail'>

const newFrame = (watch: number): Frame => ({
  watch,
  types: 0,
  type: null,
  details: 0,
  detail: null,
  mediaTypes: 0,
  isImage: false,
  elsewhere: 0,
  pieces: [],
})

/** Collects the media of message parts. Text that poses as an image elsewhere never gets here. */
export class MediaFacts {
  readonly parts: MediaPart[] = []
  imageBytes = 0
  imageCount = 0
  otherBytes = 0
  /** Audio and files that are elsewhere. */
  unknownCount = 0
  /** Some audio or files were counted and forgotten. */
  hasMore = false
  readonly #bytes: Uint8Array
  readonly #frames: (Frame | null)[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  opens(depth: number): void {
    this.#frames[depth] = null
  }

  /** A quoted text in a watched object; true if it is media or tells of some. */
  text({ depth, watch, name, start, end }: Told): boolean {
    const rule = ruleOf(watch, name)
    if (rule === undefined || end - start <= 2) return false
    const frame = (this.#frames[depth] ??= newFrame(watch))
    if (rule === 'type') {
      frame.type = frame.types++ === 0 ? typeCode(this.#bytes, start, end) : null
    } else if (rule === 'detail') {
      frame.detail = frame.details++ === 0 ? detailCode(this.#bytes, start, end) : null
    } else if (rule === 'media type') {
      frame.isImage = frame.mediaTypes++ === 0 && startsWith(this.#bytes, start + 1, IMAGE)
    } else if (rule === 'elsewhere') frame.elsewhere++
    else if (rule === 'data') this.#put(frame, inline('file', start, end))
    else this.#put(frame, this.#locate(rule, start, end))
    return true
  }

  closes(depth: number): void {
    const frame = this.#frames[depth]
    if (!frame) return
    this.#frames[depth] = null
    if (frame.watch === NAME.source) return this.#closeSource(frame, depth)
    for (const piece of frame.pieces) this.#add({ ...piece, detail: frame.detail })
    const kind = frame.watch === PART && frame.type === 'image' ? 'image' : 'file'
    for (let i = 0; i < frame.elsewhere; i++)
      this.#add({ ...elsewhere(kind), detail: frame.detail })
  }

  /** Anthropic's, which may be an image, a document or plain text. */
  #closeSource(frame: Frame, depth: number): void {
    // Only the part around it knows whether a URL is an image's.
    const part = (this.#frames[depth - 1] ??= newFrame(PART))
    part.elsewhere += frame.elsewhere
    if (frame.type === 'text' && frame.mediaTypes <= 1 && !frame.isImage) return
    const isImage = frame.type === 'base64' && frame.isImage && frame.pieces.length === 1
    for (const piece of frame.pieces) {
      this.#add({ ...piece, kind: isImage ? 'image' : 'file', detail: null })
    }
  }

  #put(frame: Frame, piece: Piece): void {
    // Only repeated keys get here more than once.
    if (frame.pieces.length < 8) frame.pieces.push(piece)
    else
      this.#add({ ...piece, kind: frame.watch === NAME.source ? 'file' : piece.kind, detail: null })
  }

  #locate(kind: MediaKind, start: number, end: number): Piece {
    const bytes = this.#bytes
    const text = start + 1
    if (startsWith(bytes, text, DATA)) {
      const piece = inline(kind === 'image' ? this.#kindOfData(text) : kind, start, end)
      return { ...piece, start: this.#dataStart(text, end) }
    }
    if (startsWith(bytes, text, HTTPS) || startsWith(bytes, text, HTTP)) return elsewhere(kind)
    // An image's text without a scheme is a name that a server knows, unless it is too long for one.
    if (kind !== 'image') return inline(kind, start, end)
    return end - start < MEDIA_BYTES_MIN ? elsewhere('file') : inline('file', start, end)
  }

  #kindOfData(text: number): MediaKind {
    if (startsWith(this.#bytes, text, DATA_IMAGE)) return 'image'
    return startsWith(this.#bytes, text, DATA_AUDIO) ? 'audio' : 'file'
  }

  #dataStart(text: number, end: number): number {
    const last = Math.min(end, text + DATA_HEADER_MAX)
    for (let at = text; at < last; at++) if (this.#bytes[at] === COMMA) return at + 1
    return text
  }

  #add(part: MediaPart): void {
    if (part.kind === 'image') {
      this.imageCount++
      this.imageBytes += part.bytes
    } else if (part.start < 0) this.unknownCount++
    else this.otherBytes += part.bytes
    if (this.parts.length < PARTS_MAX) this.parts.push(part)
    else if (part.kind !== 'image') this.hasMore = true
  }
}

export interface Told {
  readonly depth: number
  /** Code of the object's kind, see `RULES`. */
  readonly watch: number
  readonly name: number
  readonly start: number
  readonly end: number
}

const inline = (kind: MediaKind, start: number, end: number): Piece => ({
  kind,
  start: start + 1,
  end: end - 1,
  bytes: end - start,
})
const elsewhere = (kind: MediaKind): Piece => ({ kind, start: -1, end: -1, bytes: 0 })
