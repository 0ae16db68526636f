// Which formula counts a model's image tokens. Numbers are the rows of the price study (2.3); those
// marked [unverified] were written from memory there and have no page behind them.

/** How a family turns pixels into tokens. */
export type ImageFamily =
  | { readonly kind: 'openai tiles'; readonly base: number; readonly tile: number }
  | {
      readonly kind: 'openai patches'
      readonly multiplier: number
      /** Patches that a larger picture is shrunk to; null: nobody has seen a limit. */
      readonly cap: number | null
      /** The cap of `detail: high`, which is expected only, and never relied upon. */
      readonly highCap: number
    }
  | {
      readonly kind: 'anthropic'
      readonly side: number
      readonly cap: number
      readonly bound: number
    }
  | { readonly kind: 'gemini tiles' }
  | { readonly kind: 'gemini resolution' }
  | { readonly kind: 'other' }

/** LiteLLM and OpenAI's page: 85 + 170 a tile. */
const GPT_4O: ImageFamily = { kind: 'openai tiles', base: 85, tile: 170 }
/** The same picture at the price of gpt-4o's: 2,833 + 5,667 a tile [unverified]. */
const GPT_4O_MINI: ImageFamily = { kind: 'openai tiles', base: 2_833, tile: 5_667 }
/** 75 + 150 a tile [unverified]. */
const O_SERIES: ImageFamily = { kind: 'openai tiles', base: 75, tile: 150 }

const patches = (multiplier: number, cap: number | null, highCap = 1_536): ImageFamily => ({
  kind: 'openai patches',
  multiplier,
  cap,
  highCap,
})

/** Documented for what is older than Opus 4.7: 1,568 px and 1,568 tokens; 1,661 were measured. */
const CLAUDE_OLD: ImageFamily = { kind: 'anthropic', side: 1_568, cap: 1_568, bound: 1_800 }
/** Opus 4.7 and later: 2,576 px and 4,784 tokens, and some for the frame. */
const CLAUDE: ImageFamily = { kind: 'anthropic', side: 2_576, cap: 4_784, bound: 4_800 }

const OTHER: ImageFamily = { kind: 'other' }

/** The first that fits the model's name, which has no provider's prefix and is in lower case. */
const ROWS: readonly (readonly [RegExp, ImageFamily])[] = [
  // Before what they are smaller kinds of. 1,536 patches × 1.62, 2.46, 1.72 [unverified].
  [/^gpt-4\.1-mini/, patches(1.62, 1_536)],
  [/^gpt-4\.1-nano/, patches(2.46, 1_536)],
  [/^gpt-5-mini/, patches(1.62, 1_536)],
  [/^gpt-5-nano/, patches(2.46, 1_536)],
  [/^o4-mini/, patches(1.72, 1_536)],
  [/^gpt-4o-mini/, GPT_4O_MINI],
  [/^(?:gpt-4o|chatgpt-4o|gpt-4\.1|gpt-4-turbo|gpt-4-vision)/, GPT_4O],
  [/^gpt-5(?:-|$)/, GPT_4O],
  [/^o[13](?:-|$)/, O_SERIES],
  // The factor of older nano models, for want of a better one [unverified].
  [/^gpt-5\.[4-9]-(?:mini|nano)/, patches(2.46, 10_000, 2_500)],
  [/^gpt-6[^-]*-(?:mini|nano)/, patches(2.46, null, 2_500)],
  // 5.4 and 5.5: 10,000 patches × 1.2 (`original`); 11,868 measured of 12 megapixels in `auto`.
  [/^gpt-5\.[4-9]/, patches(1.2, 10_000, 2_500)],
  // 14,364 measured of 12 megapixels in `auto`, 2,942 in `high`: no cap seen, 1.223 a patch.
  [/^gpt-6/, patches(1.25, null, 2_500)],
  [/^(?:.*\.)?claude-(?:instant|[123](?![0-9]))/, CLAUDE_OLD],
  [
    /^(?:.*\.)?claude-(?:opus|sonnet|haiku)-4(?:[-.][0-6])?(?:$|[-@:](?![0-9]{1,2}(?![0-9])))/,
    CLAUDE_OLD,
  ],
  [/^(?:.*\.)?claude-/, CLAUDE],
  [/^gemini-[12](?![0-9])/, { kind: 'gemini tiles' }],
  [/^gemini-[3-9]/, { kind: 'gemini resolution' }],
]

/** By the name upstream, with or without prefixes (`openai/`, `ft:`); any other is `other`. */
export function imageFamily(model: string): ImageFamily {
  const name = model
    .slice(model.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/^ft:/, '')
  return ROWS.find(([pattern]) => pattern.test(name))?.[1] ?? OTHER
}
