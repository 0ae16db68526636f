import { badRequest } from '../../errors.ts'

/** JSON from outside: nothing is known of its members. */
export type Fields = Readonly<Record<string, unknown>>
export type Block = Fields

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** For what a client sent: throws a 400 that names the place, such as `messages[2].content`. */
export function fieldsAt(value: unknown, at: string): Fields {
  if (!isFields(value)) throw wrong(at, 'an object')
  return value
}

export function textAt(value: unknown, at: string): string {
  if (typeof value !== 'string') throw wrong(at, 'a string')
  return value
}

export function listAt(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(at, 'a list')
  return value
}

export function wrong(at: string, expected: string): Error {
  return badRequest(`${at}: expected ${expected}`, at)
}

/** 400 for what the Messages API has no counterpart of. */
export function unsupported(at: string, hint = ''): Error {
  return badRequest(`${at}: not supported by Anthropic models${hint && `: ${hint}`}`, at)
}

/** Anthropic's mark of what to cache, as the client wrote it. */
export function cacheOf({ cache_control: mark }: Fields): Fields {
  return isFields(mark) ? { cache_control: mark } : {}
}
