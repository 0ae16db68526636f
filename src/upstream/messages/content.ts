import { badRequest } from '../../errors.ts'
import { type Fields, fieldsAt, listAt, textAt, wrong } from '../anthropic/fields.ts'

export type Part = Fields

/** A block and where it stands, for messages about it. */
export interface Block {
  readonly type: string
  readonly fields: Fields
  readonly path: string
}

/** Content in its short form is one text block. */
export function blocksOf(content: unknown, path: string): readonly Block[] {
  if (typeof content === 'string') {
    return content === '' ? [] : [{ type: 'text', fields: { text: content }, path }]
  }
  return listAt(content, path).map((item, at) => {
    const itemPath = `${path}.${at}`
    const fields = fieldsAt(item, itemPath)
    return { type: textAt(fields['type'], `${itemPath}.type`), fields, path: itemPath }
  })
}

export function textOf({ fields, path }: Block): string {
  return textAt(fields['text'], `${path}.text`)
}

/** Text blocks as one text; any other block is refused. */
export function plainText(content: unknown, path: string): string {
  const texts = blocksOf(content, path).map((block) => {
    if (block.type !== 'text') throw wrong(`${block.path}.type`, '"text"')
    return textOf(block)
  })
  return texts.join('\n\n')
}

/** What a user shows a model: text, images, documents, search results. */
export function partsOf(block: Block): readonly Part[] {
  const { type, path } = block
  if (type === 'text') return [{ type: 'text', text: textOf(block) }]
  if (type === 'image') return [imagePart(block)]
  if (type === 'document') return documentParts(block)
  if (type === 'search_result') return [{ type: 'text', text: searchResult(block) }]
  throw onlyAnthropic(`${path}.type`, `the block "${type.slice(0, 64)}"`)
}

function sourceOf({ fields, path }: Block) {
  const source = fieldsAt(fields['source'], `${path}.source`)
  return {
    source,
    kind: textAt(source['type'], `${path}.source.type`),
    read: (name: string) => textAt(source[name], `${path}.source.${name}`),
  }
}

function imagePart(block: Block): Part {
  const { kind, read } = sourceOf(block)
  if (kind === 'base64') {
    const url = `data:${read('media_type')};base64,${read('data')}`
    return { type: 'image_url', image_url: { url } }
  }
  if (kind === 'url') return { type: 'image_url', image_url: { url: read('url') } }
  throw onlyAnthropic(`${block.path}.source.type`, `an image from "${kind.slice(0, 64)}"`)
}

function documentParts(block: Block): readonly Part[] {
  const { source, kind, read } = sourceOf(block)
  const { title, context } = block.fields
  const head = [title, context].filter((text) => typeof text === 'string' && text !== '')
  const heading = head.map((text) => ({ type: 'text', text }))
  if (kind === 'base64') {
    const file_data = `data:${read('media_type')};base64,${read('data')}`
    const filename = typeof title === 'string' && title !== '' ? title : 'document.pdf'
    return [...heading, { type: 'file', file: { filename, file_data } }]
  }
  if (kind === 'text') return [...heading, { type: 'text', text: read('data') }]
  if (kind === 'content') {
    const content = blocksOf(source['content'], `${block.path}.source.content`)
    return [...heading, ...content.flatMap(partsOf)]
  }
  throw onlyAnthropic(`${block.path}.source.type`, `a document from "${kind.slice(0, 64)}"`)
}

/** What only Anthropic's own models can be asked for: leaving it out would change the answer. */
export function onlyAnthropic(path: string, what: string): Error {
  return badRequest(`${path}: ${what} is not supported by the provider of this model`, path)
}

function searchResult({ fields, path }: Block): string {
  const title = textAt(fields['title'], `${path}.title`)
  const source = textAt(fields['source'], `${path}.source`)
  return [title, source, plainText(fields['content'], `${path}.content`)].join('\n')
}
