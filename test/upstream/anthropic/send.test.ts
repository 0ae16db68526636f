import { describe, expect, it } from 'vitest'
import {
  messagesHeaders,
  messagesUrl,
  toOpenAiResponse,
} from '../../../src/upstream/anthropic/send.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

describe('the Messages API', () => {
  it.each([
    ['https://api.anthropic.com/v1', 'https://api.anthropic.com/v1/messages'],
    ['https://api.deepseek.com/anthropic', 'https://api.deepseek.com/anthropic/v1/messages'],
    ['https://proxy.test/v1/messages', 'https://proxy.test/v1/messages'],
  ])('of %s is at %s', (base, url) => {
    expect(messagesUrl(base)).toBe(url)
  })

  it('gets the key in its own header, and no other', () => {
    expect(messagesHeaders('sk-ant', true)).toEqual({
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'user-agent': 'tollgate',
      'anthropic-version': '2023-06-01',
      'x-api-key': 'sk-ant',
    })
    expect(messagesHeaders(null, false)).not.toHaveProperty('x-api-key')
  })
})

describe('its response', () => {
  it('keeps status and retry-after of an error, and drops other headers', async () => {
    const error = { type: 'overloaded_error', message: 'Overloaded' }
    const headers = { ...JSON_TYPE, 'retry-after': '7', 'set-cookie': 'a=b' }
    const raw = new Response(JSON.stringify({ type: 'error', error }), { status: 529, headers })
    const answer = toOpenAiResponse(raw, 0)
    expect(answer.status).toBe(529)
    expect([...answer.headers.keys()]).toEqual(['content-type', 'retry-after'])
    expect(await answer.json()).toEqual({
      error: { message: 'Overloaded', type: 'overloaded_error', param: null, code: '529' },
    })
  })

  it.each([
    ['<html></html>', 'text/html'],
    ['{"type":"message","content', 'application/json'],
    ['{"unknown":12345678901234567890}', 'application/json'],
    ['', 'application/json'],
  ])('%j comes as it is, for the relay to judge', async (text, type) => {
    const answer = toOpenAiResponse(new Response(text, { headers: { 'content-type': type } }), 0)
    expect(await answer.text()).toBe(text)
    expect(answer.headers.get('content-type')).toBe(type)
  })

  it('that is cut stays cut', async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error('connection lost')),
    })
    const answer = toOpenAiResponse(new Response(body, { headers: JSON_TYPE }), 0)
    await expect(answer.text()).rejects.toThrow('connection lost')
  })
})
