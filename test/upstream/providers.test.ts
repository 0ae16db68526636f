import { describe, expect, it } from 'vitest'
import {
  findNativeApi,
  findProvider,
  providerNames,
  providerOf,
} from '../../src/upstream/providers.ts'

describe('a provider', () => {
  it.each(providerNames())('%s has an address that a path can follow', (name) => {
    const { baseUrl, bareHostPath } = providerOf(name)
    if (baseUrl === null) return
    expect(URL.parse(baseUrl)?.protocol).toMatch(/^https?:$/)
    expect(baseUrl).not.toMatch(/[/?#]$/)
    if (bareHostPath !== '') expect(new URL(baseUrl).pathname).toBe(bareHostPath)
  })

  it.each(providerNames())('%s is reached by TLS, unless it is local', (name) => {
    const { baseUrl, local } = providerOf(name)
    if (!local && baseUrl !== null) expect(baseUrl).toMatch(/^https:/)
    if (local && baseUrl !== null) expect(new URL(baseUrl).hostname).toBe('localhost')
  })

  it.each([
    ['openai', 'ask'],
    ['anthropic', 'ask'],
    ['mistral', 'always'],
    ['openrouter', 'always'],
    ['ollama', 'ask'],
    ['some_server', 'ask'],
  ])('%s: usage of a stream, %s', (name, streamUsage) => {
    expect(providerOf(name).streamUsage).toBe(streamUsage)
  })

  it.each([
    ['openai', 'max_completion_tokens'],
    ['text-completion-openai', 'max_tokens'],
    ['anthropic', 'max_tokens'],
    ['some_server', 'max_tokens'],
  ])('%s: the output of chats is capped by %s', (name, outputCap) => {
    expect(providerOf(name).outputCap).toBe(outputCap)
  })

  it('that nobody knows is plainly OpenAI-compatible', () => {
    expect(findProvider('acme')).toBe(null)
    expect(findProvider('constructor')).toBe(null)
    expect(providerOf('acme')).toMatchObject({ baseUrl: null, local: false, apiKeyName: null })
  })

  it('with an API of its own is not in the table', () => {
    for (const name of ['vertex_ai']) {
      expect(findProvider(name)).toBe(null)
      expect(findNativeApi(name)).not.toBe(null)
    }
    expect(findNativeApi('openai')).toBe(null)
  })
})
