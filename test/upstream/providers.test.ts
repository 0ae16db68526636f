import { describe, expect, it } from 'vitest'
import {
  findNativeApi,
  findProvider,
  providerNames,
  providerOf,
} from '../../src/upstream/providers.ts'

const [providersPage = ''] = Object.values(
  import.meta.glob<string>('../../docs/providers.md', {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)

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

describe('docs/providers.md', () => {
  const rows = providersPage.split('\n').filter((line) => line.startsWith('| `'))

  it.each(providerNames())('has the row of %s, as it is', (name) => {
    const row = rows.find((line) => line.split('|')[1]?.includes(`\`${name}\``))
    const { baseUrl, apiKeyName, auth, outputCap, streamUsage, reportsCost, local } =
      providerOf(name)
    expect(row).toBeDefined()
    if (baseUrl !== null) expect(row).toContain(`\`${baseUrl}\``)
    if (apiKeyName !== null) expect(row).toContain(`\`${apiKeyName}\``)
    expect(row?.includes(`key in \`${auth}\``)).toBe(auth !== 'bearer')
    expect(row?.includes('max_completion_tokens')).toBe(outputCap === 'max_completion_tokens')
    expect(row?.includes('unasked')).toBe(streamUsage === 'always')
    expect(row?.includes('its own cost')).toBe(reportsCost)
    expect(row?.includes('free')).toBe(local)
  })
})
