import { expect, it } from 'vitest'
import { redactKey } from '../../src/upstream/redact.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const told = (text: string, key: string | null) =>
  new TextDecoder().decode(redactKey(bytes(text), key))

it('hides our key wherever an error quotes it, as it is or escaped', () => {
  const key = 'sk-live/0123"456'
  const error = JSON.stringify({
    error: { message: `Incorrect API key: ${key}`, got: `Bearer ${key}` },
  })
  for (const text of [error, error.replaceAll('/', '\\/')]) {
    expect(told(text, key)).not.toContain('0123')
    expect(told(text, key)).toContain('Bearer [redacted]')
  }
})

it('leaves the bytes alone if the key is not in them', () => {
  const given = bytes('{"error":"none of it"}')
  expect(redactKey(given, 'sk-0123456789')).toBe(given)
  expect(redactKey(given, 'none')).toBe(given)
  expect(redactKey(given, null)).toBe(given)
})
