import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/errors.ts'
import { chatRequest } from '../../../src/upstream/messages/request.ts'

const USER = { role: 'user', content: 'hi' }

const converted = (body: object) =>
  chatRequest({ model: 'm', max_tokens: 10, messages: [USER], ...body }, 'max_tokens')

const messagesOf = (messages: unknown, system?: unknown) =>
  converted({ messages, system })['messages']

function paramOf(body: object): string | null {
  try {
    converted(body)
  } catch (error) {
    if (error instanceof ApiError) return error.param
  }
  throw new Error('it was accepted')
}

describe('a message for an OpenAI-compatible provider', () => {
  it('keeps what both know, under the other name', () => {
    const body = converted({
      stop_sequences: ['END'],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stream: true,
      metadata: { user_id: 'u1' },
    })
    expect(body).toEqual({
      model: 'm',
      messages: [USER],
      max_tokens: 10,
      temperature: 0.5,
      top_p: 0.9,
      stream: true,
      stop: ['END'],
      user: 'u1',
    })
  })

  it('says the system prompt first, whatever its form', () => {
    const blocks = [
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'b' },
    ]
    expect(messagesOf([USER], 'be short')).toEqual([{ role: 'system', content: 'be short' }, USER])
    expect(messagesOf([USER], blocks)).toEqual([{ role: 'system', content: 'a\n\nb' }, USER])
  })

  it('shows images and documents', () => {
    const content = [
      { type: 'text', text: 'what is it?' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
      {
        type: 'document',
        title: 'T',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
      },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain' } },
    ]
    expect(messagesOf([{ role: 'user', content }])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is it?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
          { type: 'text', text: 'T' },
          {
            type: 'file',
            file: { filename: 'T', file_data: 'data:application/pdf;base64,JVBE' },
          },
          { type: 'text', text: 'plain' },
        ],
      },
    ])
  })

  it('puts the results of tools right behind their calls', () => {
    const messages = [
      USER,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'text', text: 'let me see' },
          { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'and?' },
          { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: '42' }] },
        ],
      },
    ]
    expect(messagesOf(messages)).toEqual([
      USER,
      {
        role: 'assistant',
        content: 'let me see',
        tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 't1', content: '42' },
      { role: 'user', content: 'and?' },
    ])
  })

  it.each([
    [{ type: 'auto' }, { tool_choice: 'auto' }],
    [{ type: 'any' }, { tool_choice: 'required' }],
    [{ type: 'none' }, { tool_choice: 'none' }],
    [
      { type: 'tool', name: 'f', disable_parallel_tool_use: true },
      {
        tool_choice: { type: 'function', function: { name: 'f' } },
        parallel_tool_calls: false,
      },
    ],
  ])('offers tools, chosen as %j', (choice, expected) => {
    const tools = [{ name: 'f', description: 'd', input_schema: { type: 'object' } }]
    expect(converted({ tools, tool_choice: choice })).toMatchObject({
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', parameters: { type: 'object' } },
        },
      ],
      ...expected,
    })
  })

  it.each([
    [{ thinking: { type: 'enabled', budget_tokens: 1_024 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 6_000 } }, 'medium'],
    [{ thinking: { type: 'enabled', budget_tokens: 32_000 } }, 'high'],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, 'high'],
    [{ thinking: { type: 'disabled' } }, undefined],
  ])('asks for as much thought: %j', (body, effort) => {
    expect(converted(body)['reasoning_effort']).toBe(effort)
  })

  it('asks for a schema', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } }
    expect(converted({ output_config: { format } })['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
    })
  })

  it.each([
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages.0.content.0.text'],
    [
      { messages: [{ role: 'user', content: [{ type: 'server_tool_use' }] }] },
      'messages.0.content.0.type',
    ],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools.0.type'],
    [{ tools: [{ name: 'f' }] }, 'tools.0.input_schema'],
    [{ mcp_servers: [{ url: 'https://x.test' }] }, 'mcp_servers'],
    [{ stop_sequences: [1] }, 'stop_sequences.0'],
  ])('is refused by the name of the field: %j', (body, param) => {
    expect(paramOf(body)).toBe(param)
  })
})
