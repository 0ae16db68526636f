/** An amount of money in picodollars (1e-12 USD). Every sum in the books is one of these. */
export type Pico = bigint

const PICO_DIGITS = 12
const PICO_PER_USD = 10n ** BigInt(PICO_DIGITS)

/** Larger amounts are refused at the edge: they fit neither `numeric(38,12)` nor a sane budget. */
export const MONEY_MAX_USD = 1e15

/** The most that one request may cost or hold ($9,007.199254740991): exact as a JS number. */
export const CHARGE_MAX_PICO: Pico = BigInt(Number.MAX_SAFE_INTEGER)

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i

/**
 * USD as a number or decimal text → picodollars, rounded half away from zero.
 * A number is read through its shortest decimal, so a typed 3.5e-06 is exact.
 * Throws a RangeError for what is no decimal or is beyond MONEY_MAX_USD.
 */
export function parsePico(usd: number | string): Pico {
  const match = DECIMAL.exec(String(usd).trim())
  if (!match) throw new RangeError(`not a decimal amount: ${usd}`)
  if (Math.abs(Number(usd)) > MONEY_MAX_USD) throw new RangeError(`amount too large: ${usd}`)
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  const shift = Number(exponent) - fraction.length + PICO_DIGITS
  return sign === '-' ? -scale(digits, shift) : scale(digits, shift)
}

/** digits × 10^shift as an integer, rounded half up. */
function scale(digits: string, shift: number): bigint {
  if (shift >= 0) return BigInt(digits) * 10n ** BigInt(/^0*$/.test(digits) ? 0 : shift)
  const cut = digits.length + shift
  if (cut < 0) return 0n
  const kept = BigInt(digits.slice(0, cut) || '0')
  return digits.charCodeAt(cut) >= 53 ? kept + 1n : kept
}

/** Exact decimal text in USD, as Postgres' numeric(38,12) takes it: `-3.499e-6` → "-0.000003499000". */
export function picoToDecimal(pico: Pico): string {
  const magnitude = pico < 0n ? -pico : pico
  const fraction = String(magnitude % PICO_PER_USD).padStart(PICO_DIGITS, '0')
  return `${pico < 0n ? '-' : ''}${magnitude / PICO_PER_USD}.${fraction}`
}

/** The double nearest to the amount in USD: what JSON answers carry. */
export function picoToUsd(pico: Pico): number {
  return Number(picoToDecimal(pico))
}

/** The amount in USD as Python prints a float; LiteLLM's messages, headers and metrics do. */
export function formatPico(pico: Pico): string {
  return pythonFloat(picoToUsd(pico))
}

/** A double as CPython's `repr` prints it: 3.5e-06, 0.0001, 10.0, 1e+16, inf, nan. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const [mantissa = '0', exponentText = '0'] = Math.abs(value).toExponential().split('e')
  const digits = mantissa.replace('.', '')
  return sign + layOut(digits, Number(exponentText))
}

/** Shortest digits d.ddd × 10^exponent in Python's layout: scientific below 1e-4 and from 1e16. */
function layOut(digits: string, exponent: number): string {
  if (exponent < -4 || exponent >= 16) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
    const magnitude = String(Math.abs(exponent)).padStart(2, '0')
    return `${digits[0]}${rest}e${exponent < 0 ? '-' : '+'}${magnitude}`
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${whole}.${digits.slice(exponent + 1) || '0'}`
}

/** count × unit price, guarded: a count is a non-negative safe integer. */
export function times(count: number, pricePico: Pico): Pico {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`not a count: ${count}`)
  return BigInt(count) * pricePico
}
