import { expect } from 'vitest'
import type { Answer } from './gateway.ts'

export interface Told {
  message: unknown
  type?: unknown
  param?: unknown
}

/** LiteLLM's envelope and nothing beside it; `code` is the status as text. */
export function expectError(answer: Answer, status: number, told: Told): void {
  expect({ status: answer.status, ...answer.json }).toEqual({
    status,
    error: {
      type: expect.any(String),
      param: expect.toSatisfy((param: unknown) => param === null || typeof param === 'string'),
      code: String(status),
      ...told,
    },
  })
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.text).not.toMatch(/\bat .*\.(?:js|ts):|stack|node_modules/)
}
