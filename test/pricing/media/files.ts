// Small image files, built by hand: their heads are real, what follows is not needed.

const ascii = (text: string) => Array.from(text, (character) => character.charCodeAt(0))
const big = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => (value >>> (8 * (bytes - 1 - i))) & 0xff)
const little = (value: number, bytes: number) => big(value, bytes).toReversed()
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)

export function png(width: number, height: number): Uint8Array {
  return Uint8Array.from([
    0x89,
    ...ascii('PNG\r\n'),
    0x1a,
    0x0a,
    ...big(13, 4),
    ...ascii('IHDR'),
    ...big(width, 4),
    ...big(height, 4),
    8,
    6,
    0,
    0,
    0,
    ...zeros(4),
  ])
}

export function gif(width: number, height: number): Uint8Array {
  return Uint8Array.from([...ascii('GIF89a'), ...little(width, 2), ...little(height, 2), 0, 0, 0])
}

/** Progressive, with an application's segment of so many bytes before the frame. */
export function jpeg(width: number, height: number, segmentBytes = 14): Uint8Array {
  const segments: number[] = []
  for (let left = segmentBytes; left > 0; left -= 60_000) {
    const bytes = Math.min(left, 60_000)
    segments.push(0xff, 0xe1, ...big(bytes + 2, 2), ...zeros(bytes))
  }
  return Uint8Array.from([
    0xff,
    0xd8,
    ...segments,
    // A table of Huffman codes has a marker amid those of frames.
    0xff,
    0xc4,
    ...big(4, 2),
    0,
    0,
    0xff,
    0xff,
    0xc2,
    ...big(17, 2),
    8,
    ...big(height, 2),
    ...big(width, 2),
    3,
    ...zeros(9),
    0xff,
    0xda,
    0,
    8,
  ])
}

const riff = (chunk: string, data: readonly number[]) =>
  Uint8Array.from([
    ...ascii('RIFF'),
    ...little(data.length + 12, 4),
    ...ascii('WEBP'),
    ...ascii(chunk),
    ...little(data.length, 4),
    ...data,
  ])

export function webpLossy(width: number, height: number): Uint8Array {
  const frame = [0x10, 0, 0, 0x9d, 0x01, 0x2a, ...little(width, 2), ...little(height, 2)]
  return riff('VP8 ', [...frame, ...zeros(4)])
}

export function webpLossless(width: number, height: number): Uint8Array {
  const bits = (width - 1) | ((height - 1) << 14)
  return riff('VP8L', [0x2f, ...little(bits, 4), ...zeros(8)])
}

export function webpExtended(width: number, height: number): Uint8Array {
  return riff('VP8X', [0x10, 0, 0, 0, ...little(width - 1, 3), ...little(height - 1, 3)])
}

export function bmp(width: number, height: number): Uint8Array {
  const header = [...little(40, 4), ...little(width, 4), ...little(-height, 4), ...zeros(28)]
  return Uint8Array.from([...ascii('BM'), ...zeros(12), ...header])
}

export function oldBmp(width: number, height: number): Uint8Array {
  const header = [...little(12, 4), ...little(width, 2), ...little(height, 2), ...zeros(4)]
  return Uint8Array.from([...ascii('BM'), ...zeros(12), ...header])
}

const box = (type: string, content: readonly number[]) => [
  ...big(content.length + 8, 4),
  ...ascii(type),
  ...content,
]

/** Two tiles and the picture that they make. */
export function avif(width: number, height: number): Uint8Array {
  const ispe = (w: number, h: number) => box('ispe', [...zeros(4), ...big(w, 4), ...big(h, 4)])
  const tile = ispe(Math.ceil(width / 2), height)
  const properties = box('iprp', box('ipco', [...tile, ...ispe(width, height), ...tile]))
  return Uint8Array.from([
    ...box('ftyp', [...ascii('avif'), ...zeros(4), ...ascii('mif1')]),
    ...box('meta', [...zeros(4), ...properties]),
    ...box('mdat', zeros(8)),
  ])
}

export const FORMATS = {
  png,
  gif,
  jpeg,
  'lossy webp': webpLossy,
  'lossless webp': webpLossless,
  'extended webp': webpExtended,
  bmp,
  'old bmp': oldBmp,
  avif,
} as const

const binary = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

export const toBase64 = (bytes: Uint8Array): string => btoa(binary(bytes))

export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
