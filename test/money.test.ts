import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CHARGE_MAX_PICO,
  formatPico,
  MONEY_MAX_USD,
  parsePico,
  picoToDecimal,
  picoToUsd,
  pythonFloat,
  times,
} from '../src/money.ts'
import { PYTHON_PICOS, PYTHON_REPRS } from './money-reprs.ts'

const double = (hex: string): number => {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${hex}`))
  return view.getFloat64(0)
}

const MAX_PICO = BigInt(MONEY_MAX_USD) * 10n ** 12n

describe('parsePico', () => {
  it.each<[number | string, bigint]>([
    [0, 0n],
    [-0, 0n],
    ['0', 0n],
    ['-0.0', 0n],
    ['000', 0n],
    ['0e999999999', 0n],
    ['0.000e-999999999', 0n],
    [1, 1_000_000_000_000n],
    ['1.', 1_000_000_000_000n],
    ['+1', 1_000_000_000_000n],
    [' 1 ', 1_000_000_000_000n],
    ['007', 7_000_000_000_000n],
    [3.5e-6, 3_500_000n],
    ['3.5e-06', 3_500_000n],
    ['3.5E-06', 3_500_000n],
    ['0.0000035', 3_500_000n],
    ['35e-7', 3_500_000n],
    [1e-9, 1_000n],
    [0.000000001, 1_000n],
    [-3.499e-6, -3_499_000n],
    [5.46875e-7, 546_875n],
    ['0.02e-6', 20_000n],
    [0.1, 100_000_000_000n],
    [0.1 + 0.2, 300_000_000_000n],
    [2.9999900000000002e-6, 2_999_990n],
    ['9007.199254740993', 9_007_199_254_740_993n],
    ['999999999999999.999999999999', MAX_PICO - 1n],
    [1e15, MAX_PICO],
    [-1e15, -MAX_PICO],
    ['1e15', MAX_PICO],
    ['1000000000000000e0', MAX_PICO],
  ])('reads %s exactly', (usd, pico) => {
    expect(parsePico(usd)).toBe(pico)
  })

  it.each<[number | string, bigint]>([
    ['0.0000000000005', 1n],
    ['-0.0000000000005', -1n],
    ['5e-13', 1n],
    ['-5e-13', -1n],
    ['0.00000000000049999999', 0n],
    ['4.9999999e-13', 0n],
    ['9.5e-13', 1n],
    ['1.5e-12', 2n],
    ['-1.5e-12', -2n],
    ['1.4999e-12', 1n],
    ['2.5e-12', 3n],
    ['0.9999999999995', 1_000_000_000_000n],
    ['5e-14', 0n],
    ['9e-14', 0n],
    [5e-324, 0n],
    ['1e-999999999', 0n],
    [1 / 3, 333_333_333_333n],
    [2 / 3, 666_666_666_667n],
  ])('rounds %s half away from zero to a picodollar', (usd, pico) => {
    expect(parsePico(usd)).toBe(pico)
  })

  it.each([
    '',
    ' ',
    '.',
    '-',
    '+',
    'e5',
    '1e',
    '1e+',
    '1e1.5',
    '1.2.3',
    '1,5',
    '1_000',
    '$1',
    '1 000',
    '1 e5',
    '--1',
    '+-1',
    '0x10',
    '1n',
    'abc',
    'null',
    'Infinity',
    'inf',
    'nan',
    '١',
    '１',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    '1000000000000000.2',
    1.1e15,
    -1.1e15,
    '1e16',
    '1e400',
    '-1e400',
    '1e99999999999999999999',
    Number.MAX_VALUE,
  ])('refuses %s', (usd) => {
    expect(() => parsePico(usd)).toThrow(RangeError)
  })

  it('reads back every amount that picoToDecimal writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -MAX_PICO, max: MAX_PICO }), (pico) => {
        expect(parsePico(picoToDecimal(pico))).toBe(pico)
      }),
      { numRuns: 3_000 },
    )
  })

  it('reads a typed price exactly, whichever way its digits are laid out', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 12n })
    fc.assert(
      fc.property(digits, fc.integer({ min: -12, max: 2 }), (mantissa, exponent) => {
        const pico = mantissa * 10n ** BigInt(exponent + 12)
        const plain = picoToDecimal(pico)
        expect(parsePico(`${mantissa}e${exponent}`)).toBe(pico)
        expect(parsePico(plain)).toBe(pico)
        expect(parsePico(plain.replace(/\.?0+$/, ''))).toBe(pico)
      }),
      { numRuns: 3_000 },
    )
  })

  it('is as near as a picodollar can be to any double', () => {
    const range = { min: -9_007, max: 9_007, noNaN: true }
    fc.assert(
      fc.property(fc.double(range), (usd) => {
        expect(Math.abs(picoToUsd(parsePico(usd)) - usd)).toBeLessThanOrEqual(1e-12)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('picoToDecimal', () => {
  it.each([
    [0n, '0.000000000000'],
    [1n, '0.000000000001'],
    [-1n, '-0.000000000001'],
    [-3_499_000n, '-0.000003499000'],
    [1_000_000_000_000n, '1.000000000000'],
    [-1_000_000_000_001n, '-1.000000000001'],
    [MAX_PICO, '1000000000000000.000000000000'],
    [12_345_678_901_234_567_890_123n, '12345678901.234567890123'],
  ])('writes %s with twelve decimals', (pico, decimal) => {
    expect(picoToDecimal(pico)).toBe(decimal)
  })
})

describe('pythonFloat', () => {
  it.each(PYTHON_REPRS)('prints the double %s as %s', (hex, repr) => {
    expect(pythonFloat(double(hex))).toBe(repr)
  })

  it('prints every double so that it reads back the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const text = pythonFloat(value)
        expect(Number(text.replace('inf', 'Infinity'))).toBe(value)
        expect(text).toMatch(/^-?(?:\d+\.\d+|\d(?:\.\d+)?e[+-]\d{2,3}|inf)$/)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('formatPico', () => {
  it.each(PYTHON_PICOS)('prints %s picodollars as %s', (pico, repr) => {
    expect(formatPico(BigInt(pico))).toBe(repr)
  })
})

describe('picoToUsd', () => {
  it.each([
    [3_500_000n, 3.5e-6],
    [-3_499_000n, -3.499e-6],
    [300_000_000_000n, 0.3],
    [9_007_199_254_740_993n, 9007.199254740994],
    [MAX_PICO, 1e15],
    [0n, 0],
  ])('gives the double nearest to %s', (pico, usd) => {
    expect(picoToUsd(pico)).toBe(usd)
  })

  it('gives the double that the decimal text stands for', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }), (pico) => {
        expect(picoToUsd(pico)).toBe(Number(picoToDecimal(pico)))
      }),
    )
  })
})

describe('times', () => {
  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %s', (count) => {
    expect(() => times(count, 1n)).toThrow(RangeError)
  })

  it('multiplies past what a double holds', () => {
    expect(times(Number.MAX_SAFE_INTEGER, 180_000_000n)).toBe(180_000_000n * 9_007_199_254_740_991n)
    expect(times(0, 180_000_000n)).toBe(0n)
    expect(CHARGE_MAX_PICO).toBe(9_007_199_254_740_991n)
  })
})

/** Schoolbook decimals: digits little end first, twelve of them after the point. */
class Paper {
  #digits: number[] = []

  add(count: number, price: string): void {
    const [mantissa = '', exponent = '0'] = price.split('e')
    const [whole = '', fraction = ''] = mantissa.split('.')
    const digits = Array.from(whole + fraction)
      .toReversed()
      .map(Number)
    const at = 12 + Number(exponent) - fraction.length
    for (const [i, digit] of digits.entries()) this.#put(at + i, digit * count)
  }

  /** Where a digit falls off the paper it must be a zero. */
  #put(place: number, amount: number): void {
    if (place < 0) {
      if (amount !== 0) throw new Error('finer than a picodollar')
      return
    }
    let carry = amount
    for (let i = place; carry > 0; i++) {
      const sum = (this.#digits[i] ?? 0) + carry
      while (this.#digits.length < i) this.#digits.push(0)
      this.#digits[i] = sum % 10
      carry = Math.floor(sum / 10)
    }
  }

  toString(): string {
    const padded = [
      ...this.#digits,
      ...Array<number>(Math.max(0, 13 - this.#digits.length)).fill(0),
    ]
    return `${padded.slice(12).toReversed().join('')}.${padded.slice(0, 12).toReversed().join('')}`
  }
}

describe('a sum of charges', () => {
  const PRICES = ['3.5e-06', '2e-08', '5.46875e-07', '0.0000001375', '1.80e-04', '3.625e-09', '0']

  it.each([1, 2, 3])('is exact to the picodollar over 100,000 usages, seed %i', (seed) => {
    const paper = new Paper()
    const prices = PRICES.map((text) => ({ text, pico: parsePico(text) }))
    const shuffled = prices.map(({ text }) => ({ text, pico: parsePico(Number(text)) }))
    let sum = 0n
    let state = seed
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    for (let i = 0; i < 100_000; i++) {
      const { text, pico } = (i % 2 === 0 ? prices : shuffled)[random(prices.length)]!
      const count = random(10 ** (1 + random(7)))
      sum += times(count, pico)
      paper.add(count, text)
    }
    expect(picoToDecimal(sum)).toBe(paper.toString())
  })
})
