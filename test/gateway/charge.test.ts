import { describe, expect, it } from 'vitest'
import { type Charge, named } from '../../src/gateway/charge.ts'

const charge: Charge = { pico: 7n, tokens: 3, detail: { status: 'success' } }

describe('named', () => {
  it('keeps what the answer calls itself beside what it cost', () => {
    expect(named(charge, { responseId: 'chatcmpl-1', responseModel: 'm' })).toEqual({
      ...charge,
      detail: { status: 'success', responseId: 'chatcmpl-1', responseModel: 'm' },
    })
  })

  it('bounds what a provider may put into a row of the ledger', () => {
    const huge = 'x'.repeat(3_000_000)
    const { detail } = named(charge, { responseId: huge, responseModel: huge })
    expect(JSON.stringify(detail).length).toBeLessThan(1_000)
  })

  it('says nothing for an answer that names nothing', () => {
    const { detail } = named(charge, { responseId: null, responseModel: null })
    expect(detail).toMatchObject({ responseId: null, responseModel: null })
  })
})
