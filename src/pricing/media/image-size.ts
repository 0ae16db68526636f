import { base64Prefix } from './base64.ts'
import { isoSize } from './iso-size.ts'

export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** No format that models take is larger; what says so is damaged or lies. */
const SIDE_MAX = 65_535
/** Enough for every format but those that put much before their size. */
const HEAD_BYTES = 1_024
/** A camera's JPEG may hold a preview and a color profile first. */
const LONG_HEAD_BYTES = 128 * 1_024

/** A reader of one format: undefined if it is another's, null if the size is not there. */
type Reader = (bytes: Uint8Array, view: DataView) => ImageSize | null | undefined

const READERS: readonly Reader[] = [png, jpeg, gif, webp, bmp, isoSize]

/** Pixels of an image by its first bytes; null if they don't tell. Never throws. */
export function imageSize(bytes: Uint8Array): ImageSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const reader of READERS) {
    const size = reader(bytes, view)
    if (size !== undefined) return size !== null && isSane(size) ? size : null
  }
  return null
}

/** Pixels of an image in base64 within JSON text, of which it decodes as little as it can. */
export function base64ImageSize(text: Uint8Array, from: number, to: number): ImageSize | null {
  const head = base64Prefix(text, { from, to, maxBytes: HEAD_BYTES })
  if (!head) return null
  const size = imageSize(head)
  if (size || head.length < HEAD_BYTES || !isLong(head)) return size
  const long = base64Prefix(text, { from, to, maxBytes: LONG_HEAD_BYTES })
  return long && imageSize(long)
}

const isSide = (side: number) => side > 0 && side <= SIDE_MAX
const isSane = ({ width, height }: ImageSize) => isSide(width) && isSide(height)

const isLong = (head: Uint8Array) => head[0] === 0xff || startsWith(head, 'ftyp', 4)

export function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** RFC 2083: the first chunk is IHDR. */
function png(bytes: Uint8Array, view: DataView): ImageSize | null | undefined {
  if (!startsWith(bytes, '\u0089PNG\r\n\u001a\n')) return undefined
  if (bytes.length < 24 || !startsWith(bytes, 'IHDR', 12)) return null
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

function gif(bytes: Uint8Array, view: DataView): ImageSize | null | undefined {
  if (!startsWith(bytes, 'GIF87a') && !startsWith(bytes, 'GIF89a')) return undefined
  if (bytes.length < 10) return null
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

/** ITU T.81, B.1.1.3: a frame header tells the size; C4, C8 and CC are other markers. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
/** These stand alone, with no length behind them. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)

function jpeg(bytes: Uint8Array, view: DataView): ImageSize | null | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  let at = 2
  while (at + 9 <= bytes.length) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1]!
    if (marker === 0xff) at++
    else if (isBare(marker)) at += 2
    // Reserved: readers differ in what they do with these.
    else if (marker < 0xc0) return null
    else if (isFrame(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    // The picture itself begins, or ends, and no frame told its size.
    else if (marker === 0xda || marker === 0xd9) return null
    else at += 2 + Math.max(2, view.getUint16(at + 2))
  }
  return null
}

/** RFC 9649; lossy frames as RFC 6386, 9.1. */
function webp(bytes: Uint8Array, view: DataView): ImageSize | null | undefined {
  if (!startsWith(bytes, 'RIFF') || !startsWith(bytes, 'WEBP', 8)) return undefined
  if (bytes.length < 30) return null
  if (startsWith(bytes, 'VP8X', 12)) {
    const side = (at: number) => 1 + view.getUint16(at, true) + bytes[at + 2]! * 0x10000
    return { width: side(24), height: side(27) }
  }
  if (startsWith(bytes, 'VP8L', 12)) {
    if (bytes[20] !== 0x2f) return null
    const bits = view.getUint32(21, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  if (!startsWith(bytes, 'VP8 ', 12) || !startsWith(bytes, '\u009d\u0001\u002a', 23)) return null
  const side = (at: number) => view.getUint16(at, true) & 0x3fff
  return { width: side(26), height: side(28) }
}

/** A height below 0 means that rows go from the top down. */
function bmp(bytes: Uint8Array, view: DataView): ImageSize | null | undefined {
  if (!startsWith(bytes, 'BM')) return undefined
  if (bytes.length < 26) return null
  if (view.getUint32(14, true) === 12) {
    return { width: view.getUint16(18, true), height: view.getUint16(20, true) }
  }
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) }
}
