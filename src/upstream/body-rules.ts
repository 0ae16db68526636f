import { NAME } from './body-names.ts'

export type MediaKind = 'image' | 'audio' | 'file'

/** What a text says: media of a kind (inline or a URL), media that is elsewhere, or about media. */
export type Rule = MediaKind | 'elsewhere' | 'type' | 'detail' | 'media type' | 'data'

type Row = Readonly<Partial<Record<keyof typeof NAME, Rule>>>

/** Stands for the code of an object that is a part itself; others are told by their key. */
export const PART = 255

/** By a part (`PART`) or the key of an object within: what its keys say. */
const ROWS: readonly (readonly [watch: number, row: Row])[] = [
  // The Responses API's parts say all by themselves.
  [
    PART,
    {
      type: 'type',
      detail: 'detail',
      image_url: 'image',
      audio_url: 'audio',
      video_url: 'file',
      file_url: 'file',
      file_data: 'file',
      file_id: 'elsewhere',
    },
  ],
  [NAME.image_url, { url: 'image', detail: 'detail' }],
  [NAME.audio_url, { url: 'audio' }],
  [NAME.video_url, { url: 'file' }],
  [NAME.file_url, { url: 'file' }],
  [NAME.input_audio, { data: 'audio', url: 'audio' }],
  [NAME.file, { file_data: 'file', file_url: 'file', url: 'file', file_id: 'elsewhere' }],
  // Anthropic's.
  [
    NAME.source,
    {
      type: 'type',
      media_type: 'media type',
      data: 'data',
      url: 'elsewhere',
      file_id: 'elsewhere',
    },
  ],
]

const NAMES = 1 + Math.max(...Object.values(NAME))
const WATCHED = new Set(ROWS.map(([watch]) => watch))
const RULES = compile()

function compile(): readonly (Rule | undefined)[] {
  const rules: (Rule | undefined)[] = Array.from({ length: (PART + 1) * NAMES })
  for (const [watch, row] of ROWS) {
    for (const [name, code] of Object.entries(NAME)) {
      rules[watch * NAMES + code] = new Map(Object.entries(row)).get(name)
    }
  }
  return rules
}

export const isWatched = (code: number): boolean => WATCHED.has(code)

export function ruleOf(watch: number, name: number): Rule | undefined {
  return RULES[watch * NAMES + name]
}
