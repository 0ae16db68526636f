import { describe, expect, it } from 'vitest'
import type { Admission, Call } from '../../../src/gateway/call.ts'
import { type Charge, held, named } from '../../../src/gateway/relay/charge.ts'

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

describe('held', () => {
  it('charges what was set aside, which is the bound where a budget is strict', () => {
    const call = { estimate: { expectedPico: 5n, boundPico: 90n, expectedTokens: 4 } } as Call
    const admission = { heldPico: 90n } as Admission
    expect(held({ call, admission }, 'timeout')).toEqual({
      pico: 90n,
      tokens: 4,
      detail: { status: 'failure', usageSource: 'bound', reason: 'timeout' },
    })
  })
})
