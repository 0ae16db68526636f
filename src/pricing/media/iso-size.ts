import type { ImageSize } from './image-size.ts'

const HEADER_BYTES = 8
const IMAGE_BRANDS = new Set(['avif', 'avis', 'mif1', 'msf1', 'heic', 'heix'])

/**
 * Pixels of an AVIF or HEIC (ISO 14496-12 boxes): the largest of the sizes that its `meta` box names,
 * since an image may be put together from tiles. Undefined: another format; null: not all of it here.
 */
export function isoSize(bytes: Uint8Array, view: DataView): ImageSize | null | undefined {
  if (bytes.length < HEADER_BYTES + 4 || boxType(bytes, 0) !== 'ftyp') return undefined
  if (!IMAGE_BRANDS.has(fourCharacters(bytes, HEADER_BYTES))) return undefined
  let at = 0
  while (at + HEADER_BYTES <= bytes.length) {
    const length = view.getUint32(at)
    // 0 and 1 stand for lengths that an image's first boxes never need.
    if (length < HEADER_BYTES) return null
    if (boxType(bytes, at) === 'meta') {
      return at + length > bytes.length ? null : largest(bytes, view, { from: at, to: at + length })
    }
    at += length
  }
  return null
}

function largest(
  bytes: Uint8Array,
  view: DataView,
  { from, to }: { readonly from: number; readonly to: number },
): ImageSize | null {
  let found: ImageSize | null = null
  for (let at = from + HEADER_BYTES; at + 20 <= to; at++) {
    if (bytes[at + 4] !== 0x69 || boxType(bytes, at) !== 'ispe') continue
    const size = { width: view.getUint32(at + 12), height: view.getUint32(at + 16) }
    if (!found || size.width * size.height > found.width * found.height) found = size
  }
  return found
}

const fourCharacters = (bytes: Uint8Array, at: number) =>
  String.fromCharCode(...bytes.subarray(at, at + 4))

const boxType = (bytes: Uint8Array, at: number) => fourCharacters(bytes, at + 4)
