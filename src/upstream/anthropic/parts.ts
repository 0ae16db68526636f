import {
  type Block,
  cacheOf,
  type Fields,
  fieldsAt,
  fieldsOf,
  listAt,
  textAt,
  unsupported,
  wrong,
} from './fields.ts'

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,/
/** Anthropic's own blocks, for clients that know whom they speak to. */
const NATIVE = new Set(['image', 'document', 'search_result'])

/** The content of a user's or a tool's message as Anthropic's blocks; blank texts are left out. */
export function contentBlocks(content: unknown, at: string): Block[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return textBlocks(content)
  return listAt(content, at).flatMap((part, i) => partBlocks(part, `${at}[${i}]`))
}

/** Content of which only text is allowed: a system prompt, an assistant's words. */
export function textContent(content: unknown, at: string): Block[] {
  return contentBlocks(content, at).map((block) => {
    if (block['type'] !== 'text') throw wrong(at, 'text only')
    return block
  })
}

/** Anthropic refuses texts of nothing but white space. */
export function textBlocks(text: string, more: Fields = {}): Block[] {
  return text.trim() === '' ? [] : [{ type: 'text', text, ...more }]
}

function partBlocks(value: unknown, at: string): Block[] {
  const part = fieldsAt(value, at)
  const type = textAt(part['type'], `${at}.type`)
  switch (type) {
    case 'text':
      return textBlocks(textAt(part['text'], `${at}.text`), cacheOf(part))
    case 'refusal':
      return textBlocks(textAt(part['refusal'], `${at}.refusal`))
    case 'image_url':
      return [{ type: 'image', source: imageSource(part['image_url'], at), ...cacheOf(part) }]
    case 'file':
      return [{ ...document(fieldsAt(part['file'], `${at}.file`), at), ...cacheOf(part) }]
    default:
      if (!NATIVE.has(type)) throw unsupported(`${at}.type`, `"${type.slice(0, 40)}" parts`)
      return [part]
  }
}

function imageSource(value: unknown, partAt: string): Fields {
  const at = `${partAt}.image_url`
  const url = typeof value === 'string' ? value : textAt(fieldsAt(value, at)['url'], `${at}.url`)
  if (/^https?:\/\//i.test(url)) return { type: 'url', url }
  const inline = inlined(url)
  if (!inline) throw wrong(at, 'an http(s) URL or a base64 data URL')
  return { type: 'base64', media_type: inline.type, data: inline.data }
}

function document(file: Fields, partAt: string): Block {
  const at = `${partAt}.file.file_data`
  if (file['file_data'] === undefined) {
    throw unsupported(`${partAt}.file`, 'send file_data, a data URL, in place of file_id')
  }
  const inline = inlined(textAt(file['file_data'], at))
  if (!inline) throw wrong(at, 'a base64 data URL')
  const { type, data } = inline
  const { filename } = fieldsOf(file)
  const title = typeof filename === 'string' && filename !== '' ? { title: filename } : {}
  if (type === 'application/pdf') {
    return { type: 'document', source: { type: 'base64', media_type: type, data }, ...title }
  }
  if (type.startsWith('image/')) {
    return { type: 'image', source: { type: 'base64', media_type: type, data } }
  }
  if (type !== 'text/plain') throw unsupported(at, `a file of type ${type.slice(0, 80)}`)
  const source = { type: 'text', media_type: type, data: decoded(data, at) }
  return { type: 'document', source, ...title }
}

function inlined(url: string): { readonly type: string; readonly data: string } | null {
  // The head alone is looked at: the rest may be megabytes.
  const match = DATA_URL.exec(url.slice(0, 256))
  return match ? { type: match[1] ?? 'text/plain', data: url.slice(match[0].length) } : null
}

function decoded(base64: string, at: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
  } catch {
    throw wrong(at, 'base64')
  }
}
