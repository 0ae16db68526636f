import type { ImageDetail } from '../../upstream/body-media.ts'
import type { ImageFamily } from './image-families.ts'

export interface Image {
  readonly family: ImageFamily
  /** Pixels; null: unknown. */
  readonly width: number | null
  readonly height: number | null
  readonly detail: ImageDetail | null
}

/** Whole tokens: what is probable, and what it is at most. */
export interface MediaTokens {
  readonly expected: number
  readonly bound: number
}

/** A picture in a common size, for what a call will probably cost. */
const EXPECTED_TOKENS = 1_000
/** More than any image was seen to cost that nobody chose to be large. */
const UNKNOWN_BOUND_TOKENS = 16_384

const OPENAI_BOX = 2_048
const OPENAI_SHORT_SIDE = 768
const OPENAI_TILE = 512
const OPENAI_TILES_MAX = 8
const OPENAI_PATCH = 32

const ANTHROPIC_PATCH = 28
/** An older formula of the same page: pixels / 750. */
const ANTHROPIC_PIXELS_PER_TOKEN = 750
const ANTHROPIC_FRAME_TOKENS = 16

const GEMINI_SMALL_SIDE = 384
const GEMINI_TILE = 768
const GEMINI_TILE_MIN = 256
const GEMINI_TILE_TOKENS = 258
/** Of `media_resolution`: 280, 560, 1,120 (an image's own) and 2,240. */
const GEMINI_RESOLUTION: MediaTokens = { expected: 1_120, bound: 2_240 }

interface Pixels {
  readonly width: number
  readonly height: number
}

/** Tokens of one image as input. An unknown size has its family's bound; `bound` ≥ `expected`. */
export function imageTokens({ family, width, height, detail }: Image): MediaTokens {
  if (family.kind === 'other') return { expected: EXPECTED_TOKENS, bound: UNKNOWN_BOUND_TOKENS }
  if (family.kind === 'gemini resolution') return GEMINI_RESOLUTION
  if (family.kind === 'openai tiles' && detail === 'low') return exactly(family.base)
  if (width === null || height === null) {
    const bound = unknownBound(family)
    return { expected: Math.min(EXPECTED_TOKENS, bound), bound }
  }
  const { expected, bound } = ofSize(family, { width, height }, detail)
  return { expected, bound: Math.max(expected, bound) }
}

const exactly = (tokens: number): MediaTokens => ({ expected: tokens, bound: tokens })

type Sized = Exclude<ImageFamily, { kind: 'other' | 'gemini resolution' }>

function unknownBound(family: Sized): number {
  switch (family.kind) {
    case 'openai tiles':
      return family.base + family.tile * OPENAI_TILES_MAX
    case 'openai patches':
      return family.cap === null ? UNKNOWN_BOUND_TOKENS : Math.ceil(family.cap * family.multiplier)
    case 'anthropic':
      return family.bound
    case 'gemini tiles':
      return UNKNOWN_BOUND_TOKENS
  }
}

function ofSize(family: Sized, pixels: Pixels, detail: ImageDetail | null): MediaTokens {
  switch (family.kind) {
    case 'openai tiles':
      return openAiTiles(family, pixels)
    case 'openai patches':
      return openAiPatches(family, pixels, detail)
    case 'anthropic':
      return anthropic(family, pixels)
    case 'gemini tiles':
      return geminiTiles(pixels)
  }
}

const grid = ({ width, height }: Pixels, side: number) =>
  Math.ceil(width / side) * Math.ceil(height / side)

function scaled({ width, height }: Pixels, scale: number): Pixels {
  return { width: width * scale, height: height * scale }
}

const within = (longest: number, limit: number) => Math.min(1, limit / longest)

/** Fit into a box of 2,048, then its short side into 768, then tiles of 512. */
function openAiTiles(
  { base, tile }: { readonly base: number; readonly tile: number },
  pixels: Pixels,
): MediaTokens {
  const boxed = scaled(pixels, within(Math.max(pixels.width, pixels.height), OPENAI_BOX))
  const shortest = Math.min(boxed.width, boxed.height)
  const shrunk = grid(scaled(boxed, within(shortest, OPENAI_SHORT_SIDE)), OPENAI_TILE)
  // The page leaves open whether a small picture is enlarged to that short side.
  const enlarged = grid(scaled(boxed, OPENAI_SHORT_SIDE / shortest), OPENAI_TILE)
  const tokens = (tiles: number) => base + tile * Math.min(tiles, OPENAI_TILES_MAX)
  return { expected: tokens(shrunk), bound: tokens(Math.max(shrunk, enlarged)) }
}

function openAiPatches(
  family: ImageFamily & { readonly kind: 'openai patches' },
  pixels: Pixels,
  detail: ImageDetail | null,
): MediaTokens {
  const patches = grid(pixels, OPENAI_PATCH)
  const most = Math.min(patches, family.cap ?? Number.POSITIVE_INFINITY)
  const isShrunk = detail === 'high' || detail === 'low'
  const expected = isShrunk ? Math.min(most, family.highCap) : most
  const tokens = (count: number) => Math.ceil(count * family.multiplier)
  return { expected: tokens(expected), bound: tokens(most) }
}

function anthropic(
  family: ImageFamily & { readonly kind: 'anthropic' },
  pixels: Pixels,
): MediaTokens {
  const { side, cap, bound } = family
  const fitted = scaled(pixels, within(Math.max(pixels.width, pixels.height), side))
  const byPixels = Math.ceil((pixels.width * pixels.height) / ANTHROPIC_PIXELS_PER_TOKEN)
  const most = Math.max(grid(pixels, ANTHROPIC_PATCH), byPixels) + ANTHROPIC_FRAME_TOKENS
  return {
    expected: Math.min(grid(fitted, ANTHROPIC_PATCH), cap),
    bound: Math.min(most, bound),
  }
}

/** Two readings of Gemini 2's page: tiles of 768, or [unverified] of 2/3 of the short side, 256 to 768. */
function geminiTiles(pixels: Pixels): MediaTokens {
  const { width, height } = pixels
  const shortest = Math.min(width, height)
  const isSmall = Math.max(width, height) <= GEMINI_SMALL_SIDE
  const tile = Math.min(GEMINI_TILE, Math.max(GEMINI_TILE_MIN, Math.floor(shortest / 1.5)))
  const plain = isSmall ? 1 : grid(pixels, GEMINI_TILE)
  const most = isSmall ? 1 : Math.max(plain, grid(pixels, tile))
  return { expected: GEMINI_TILE_TOKENS * plain, bound: GEMINI_TILE_TOKENS * most }
}
