import { NeonDbError } from '@neondatabase/serverless'
import { DrizzleQueryError } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { isDatabaseDown, isRefusedByDatabase } from '../../src/db/failures.ts'

const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
const failed = (cause: Error): Error => new DrizzleQueryError('select 1', [], cause)
const said = (code?: string): Error => Object.assign(new NeonDbError('no'), code ? { code } : {})

describe('a statement that failed', () => {
  it.each<[string, unknown, boolean]>([
    ['without a connection', failed(said()), true],
    ['without a connection, in a batch', said(), true],
    ['with a lost race', failed(said('40001')), true],
    ['with a time-out while its answer came', failed(timeout), true],
    ['with a time-out while its answer came, in a batch', timeout, true],
    ['with half an answer', failed(new SyntaxError('Unexpected end of JSON input')), true],
    ['with a verdict', failed(said('23505')), false],
    ['for a reason of ours', new TypeError('x is not a function'), false],
    ['with no error', 'text', false],
  ])('%s: whether Postgres is to blame', (_how, error, isDown) => {
    expect(isDatabaseDown(error)).toBe(isDown)
    if (isDown) expect(isRefusedByDatabase(error)).toBe(false)
  })
})
