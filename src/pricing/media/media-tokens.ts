import type { MediaPart } from '../../upstream/body-media.ts'
import type { JsonObject } from '../../upstream/json-members.ts'
import { decodedBytes } from './base64.ts'
import { imageFamily, type ImageFamily } from './image-families.ts'
import { base64ImageSize } from './image-size.ts'
import { imageTokens } from './image-tokens.ts'
import { secondsBound } from './speech.ts'

/** Whole tokens of what is not text. */
export interface MediaEstimate {
  readonly expected: number
  /** Null: nobody can tell, so the model's window is the bound. */
  readonly bound: number | null
  /** Bytes of the body that these tokens stand for: the rest of it is text. */
  readonly bytes: number
}

/** Gemini's, and the highest that is documented; OpenAI's are 10 [unverified]. */
const AUDIO_TOKENS_PER_SECOND = 32
/** 128 kbit/s: between speech in MP3 and a WAV. */
const AUDIO_EXPECTED_BYTES_PER_SECOND = 16_000
const AUDIO_EXPECTED_SECONDS = 60

/** Gemini's PDF page; others take a page for an image and its text. */
const PAGE_TOKENS = 258
/** A guess: pages with some pictures. */
const PAGE_BYTES = 50_000
const FILE_EXPECTED_PAGES = 10

/** Decoded bytes of inline audio; null: it is elsewhere. */
export function audioTokens(bytes: number | null): Omit<MediaEstimate, 'bytes'> {
  if (bytes === null) {
    return { expected: AUDIO_TOKENS_PER_SECOND * AUDIO_EXPECTED_SECONDS, bound: null }
  }
  const seconds = Math.ceil(bytes / AUDIO_EXPECTED_BYTES_PER_SECOND)
  return { expected: AUDIO_TOKENS_PER_SECOND * seconds, bound: audioTokensBound(bytes) }
}

/** The most tokens that so many bytes of encoded audio may be. */
export function audioTokensBound(bytes: number): number {
  return AUDIO_TOKENS_PER_SECOND * secondsBound(bytes)
}

/**
 * Decoded bytes of an inline PDF or other file; null: it is elsewhere. Never bounded: pages may share
 * one content, and what is compressed may be a thousand times as long.
 */
export function fileTokens(bytes: number | null): Omit<MediaEstimate, 'bytes'> {
  const pages = bytes === null ? FILE_EXPECTED_PAGES : Math.ceil(bytes / PAGE_BYTES)
  return { expected: PAGE_TOKENS * pages, bound: null }
}

/** All media of a body, for a model by its name upstream. Time is linear in the body's bytes. */
export function mediaTokens(
  body: { readonly bytes: Uint8Array; readonly object: JsonObject },
  model: string,
): MediaEstimate {
  const { media } = body.object
  const family = imageFamily(model)
  const sum = new Sum()
  for (const part of media) sum.add(tokensOf(part, body.bytes, family), part.bytes)
  addForgotten(sum, body.object, family)
  return sum
}

function tokensOf(part: MediaPart, bytes: Uint8Array, family: ImageFamily) {
  const isHere = part.start >= 0
  if (part.kind === 'image') {
    const size = isHere ? base64ImageSize(bytes, part.start, part.end) : null
    const { width = null, height = null } = size ?? {}
    return imageTokens({ family, width, height, detail: part.detail })
  }
  const decoded = isHere ? decodedBytes(part.end - part.start) : null
  return part.kind === 'audio' ? audioTokens(decoded) : fileTokens(decoded)
}

/** Parts beyond those that a scan keeps, of which only numbers are known. */
function addForgotten(sum: Sum, object: JsonObject, family: ImageFamily): void {
  const images = object.media.filter(({ kind }) => kind === 'image')
  const imageBytes = images.reduce((bytes, part) => bytes + part.bytes, 0)
  const count = object.mediaCount - images.length
  const each = imageTokens({ family, width: null, height: null, detail: null })
  sum.add(
    { expected: count * each.expected, bound: count * each.bound },
    object.mediaBytes - imageBytes,
  )
  if (object.hasMoreMedia) sum.add({ expected: 0, bound: null }, 0)
}

class Sum implements MediaEstimate {
  expected = 0
  bound: number | null = 0
  bytes = 0

  add(tokens: Omit<MediaEstimate, 'bytes'>, bytes: number): void {
    this.expected += tokens.expected
    this.bound = this.bound === null || tokens.bound === null ? null : this.bound + tokens.bound
    this.bytes += bytes
  }
}
