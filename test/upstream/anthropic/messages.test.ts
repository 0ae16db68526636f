import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/errors.ts'
import { toConversation } from '../../../src/upstream/anthropic/messages.ts'

const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more })
const MARK = { cache_control: { type: 'ephemeral' } }
const call = (id: string, args = '{"city":"Łódź"}') => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: args },
})
const use = (id: string, input: object = { city: 'Łódź' }) => ({
  type: 'tool_use',
  id,
  name: 'weather',
  input,
})
const userBlocks = (content: unknown) =>
  toConversation([{ role: 'user', content }]).messages[0]?.content

describe('a conversation', () => {
  it('keeps instructions apart, wherever they stand', () => {
    const messages = [
      { role: 'system', content: 'one' },
      { role: 'user', content: 'hi' },
      { role: 'developer', content: [text('two', MARK)] },
    ]
    expect(toConversation(messages)).toEqual({
      system: [text('one'), text('two', MARK)],
      messages: [{ role: 'user', content: [text('hi')] }],
    })
  })

  it('alternates: neighbours of one role become one turn', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'user', content: [text('b')] },
      { role: 'assistant', content: 'c' },
      { role: 'assistant', content: 'd ' },
    ]
    expect(toConversation(messages).messages).toEqual([
      { role: 'user', content: [text('a'), text('b')] },
      { role: 'assistant', content: [text('c'), text('d')] },
    ])
  })

  it("puts a tool's results before the user's words", () => {
    const messages = [
      { role: 'assistant', content: null, tool_calls: [call('a'), call('b:0', '')] },
      { role: 'user', content: 'hurry' },
      { role: 'tool', tool_call_id: 'a', content: 'rain' },
      { role: 'tool', tool_call_id: 'b:0', content: [text('x'), text('y')], ...MARK },
    ]
    expect(toConversation(messages).messages).toEqual([
      { role: 'assistant', content: [use('a'), use('b_0', {})] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'rain' },
          { type: 'tool_result', tool_use_id: 'b_0', content: [text('x'), text('y')], ...MARK },
          text('hurry'),
        ],
      },
    ])
  })

  it('gives signed thoughts back, before the words', () => {
    const thought = { type: 'thinking', thinking: 'hm', signature: 's' }
    const hidden = { type: 'redacted_thinking', data: 'x' }
    const messages = [
      {
        role: 'assistant',
        content: 'so',
        reasoning_content: 'hm',
        thinking_blocks: [thought, hidden, { type: 'thinking', thinking: 'unsigned' }],
        tool_calls: [call('a')],
      },
    ]
    const [turn] = toConversation(messages).messages
    expect(turn?.content).toEqual([thought, hidden, text('so'), use('a')])
  })

  it('has no blank texts, nor turns of nothing else', () => {
    const messages = [
      { role: 'system', content: '' },
      { role: 'user', content: [text(' \n'), text('hi')] },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'you' },
    ]
    expect(toConversation(messages)).toEqual({
      system: [],
      messages: [{ role: 'user', content: [text('hi'), text('you')] }],
    })
  })

  it('marks the last block where a message is marked', () => {
    const messages = [{ role: 'user', content: [text('a'), text('b')], ...MARK }]
    expect(toConversation(messages).messages[0]?.content).toEqual([text('a'), text('b', MARK)])
  })

  it.each(['[1]', '{"a":', '"x"'])('refuses arguments that are %s', (args) => {
    const messages = [{ role: 'assistant', tool_calls: [call('a', args)] }]
    expect(() => toConversation(messages)).toThrow('messages[0].tool_calls[0].function.arguments')
  })
})

describe('a part', () => {
  const PNG = { type: 'base64', media_type: 'image/png', data: 'iVBO' }
  const PDF = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }

  it.each<[string, object, object]>([
    [
      'an inline image',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO', detail: 'low' } },
      { type: 'image', source: PNG },
    ],
    [
      'an image elsewhere, cached',
      { type: 'image_url', image_url: 'https://x.test/a.png', ...MARK },
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' }, ...MARK },
    ],
    [
      'a PDF',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
      { type: 'document', source: PDF, title: 'a.pdf' },
    ],
    [
      'a text file',
      { type: 'file', file: { file_data: 'data:text/plain;charset=utf-8;base64,xYE=' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Ł' } },
    ],
    ['a block of Anthropic', { type: 'image', source: PNG }, { type: 'image', source: PNG }],
  ])('can be %s', (_what, part, block) => {
    expect(userBlocks([part])).toEqual([block])
  })

  it.each<[string, object]>([
    ['.image_url', { type: 'image_url', image_url: 'ftp://x' }],
    ['.image_url.url', { type: 'image_url', image_url: {} }],
    ['.file', { type: 'file', file: { file_id: 'f' } }],
    ['.file.file_data', { type: 'file', file: { file_data: 'data:application/zip;base64,AA' } }],
    ['.file.file_data', { type: 'file', file: { file_data: 'data:text/plain;base64,?' } }],
    ['.text', { type: 'text' }],
  ])('is refused at %s', (place, part) => {
    const ask = () => userBlocks([part])
    expect(ask).toThrow(ApiError)
    expect(ask).toThrow(`messages[0].content[0]${place}:`)
  })

  it('of an assistant is text', () => {
    const part = { type: 'image_url', image_url: 'https://x.test/a.png' }
    expect(() => toConversation([{ role: 'assistant', content: [part] }])).toThrow(
      'messages[0].content',
    )
  })
})
