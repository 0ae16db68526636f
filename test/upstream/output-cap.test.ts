import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../src/config/config.ts'
import { scanObject } from '../../src/upstream/json-members.ts'
import { editBody } from '../../src/upstream/send.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

interface Sent {
  readonly provider?: string
  readonly path?: string
  readonly outputTokens?: number | null
}

/** What the provider gets of this body. */
function sent(body: string, { provider = 'groq', path, outputTokens = 256 }: Sent = {}): string {
  const bytes = encoder.encode(body)
  const deployment = { apiVersion: null, provider, model: 'real' } as Deployment
  const outgoing = {
    path: path ?? '/chat/completions',
    bytes,
    object: scanObject(bytes),
    stream: false,
    streamOptions: null,
    outputTokens,
    nowMs: 0,
    wire: { kind: 'openai' } as const,
  }
  return decoder.decode(editBody(deployment, outgoing))
}

describe('the cap that a strict budget sends', () => {
  it.each([
    ['{"model":"m","max_tokens":4000}', '{"model":"real","max_tokens":256}'],
    ['{"model":"m","max_completion_tokens":4000}', '{"model":"real","max_completion_tokens":256}'],
    [
      '{"max_completion_tokens":9,"model":"m","max_tokens": 4000 }',
      '{"max_completion_tokens":256,"model":"real","max_tokens": 256 }',
    ],
    [
      '{"max_output_tokens":1,"max_tokens":2,"max_completion_tokens":3,"model":"m"}',
      '{"max_output_tokens":256,"max_tokens":256,"max_completion_tokens":256,"model":"real"}',
    ],
  ])('stands wherever the client had one: %s', (body, expected) => {
    expect(sent(body)).toBe(expected)
    expect(sent(body, { provider: 'openai' })).toBe(expected)
  })

  it.each([
    ['openai', '/chat/completions', 'max_completion_tokens'],
    ['openai', '/completions', 'max_tokens'],
    ['text-completion-openai', '/completions', 'max_tokens'],
    ['anthropic', '/chat/completions', 'max_tokens'],
    ['acme', '/chat/completions', 'max_tokens'],
    ['openai', '/responses', 'max_output_tokens'],
    ['acme', '/responses', 'max_output_tokens'],
  ])('is added under the name that %s knows for %s', (provider, path, name) => {
    expect(sent('{"model":"m"}', { provider, path })).toBe(`{"model":"real","${name}":256}`)
  })

  it('takes the place of a null, which is no cap', () => {
    expect(sent('{"max_tokens":null,"model":"m"}')).toBe('{"max_tokens":256,"model":"real"}')
  })

  it("is added beside another API's, which caps nothing here", () => {
    expect(sent('{"model":"m","max_output_tokens":9}')).toBe(
      '{"model":"real","max_output_tokens":256,"max_tokens":256}',
    )
  })

  it('replaces that of the Responses API there', () => {
    const path = '/responses'
    expect(sent('{"model":"m","max_output_tokens":9000}', { path })).toBe(
      '{"model":"real","max_output_tokens":256}',
    )
    expect(
      sent('{"model":"m","stream_options":{"include_usage":true}}', { path, outputTokens: null }),
    ).toBe('{"model":"real"}')
  })

  it('changes no other byte', () => {
    const odd =
      '{ "seed":12345678901234567890 ,\n\t"model" : "m", "tiny":1.0E-7,"max_tokens" :\t4e3,' +
      '"x":{"max_tokens":4000,"a":[1.50,null,"\\u00e9\\ud83d\\ude00é"]} }'
    expect(sent(odd)).toBe(odd.replace('"m"', '"real"').replace('4e3', '256'))
    const none = odd.replace('"max_tokens" :\t4e3,', '')
    expect(sent(none)).toBe(none.replace('"m"', '"real"').replace(']} }', ']},"max_tokens":256 }'))
  })

  it('is not sent where no budget is strict', () => {
    const body = '{"model":"m","max_tokens":4000,"max_completion_tokens":null}'
    expect(sent(body, { outputTokens: null })).toBe(body.replace('"m"', '"real"'))
  })
})
