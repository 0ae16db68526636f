import { describe, expect, it } from 'vitest'
import { partsOf, scopeOf } from '../../src/ledger/scopes.ts'

describe('a scope’s name', () => {
  it.each(['u1', 'a/b', 'a:b', 'a%2Fb', 'Zoë@example.com', '*', 'account', ' '])(
    'says what it was made of: %j',
    (id) => {
      for (const model of ['gpt-5', 'openai/gpt-5', 'a/*', undefined]) {
        expect(partsOf(scopeOf({ kind: 'member', id }, model))).toEqual({
          kind: 'member',
          id,
          model: model ?? null,
        })
      }
    },
  )

  it('is another one for every row and model', () => {
    const names = ['a', 'a/b', 'a/b/c', 'b'].flatMap((id) =>
      [undefined, 'b', 'b/c', 'c'].map((model) => scopeOf({ kind: 'member', id }, model)),
    )
    expect(new Set(names).size).toBe(names.length)
  })
})
