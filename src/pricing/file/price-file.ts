import { parsePico, type Pico } from '../../money.ts'
import { providerOf } from '../../upstream/providers.ts'
import { isPriceField, type Overrides, readOverrides } from '../overrides.ts'

/**
 * An operator's prices in the format of LiteLLM's price map:
 * `{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, …}, …}`. Names may have
 * their provider before them.
 */
export type PriceFile = ReadonlyMap<string, FileEntry>

export interface FileEntry {
  /** Null: the name alone says whose it is. */
  readonly provider: string | null
  readonly maxInputTokens: number | null
  readonly overrides: Overrides
}

/** LiteLLM's explanation of its own fields stands among the models. */
const SAMPLE = 'sample_spec'
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i
/** USD per unit; beyond it somebody wrote a price per million. */
const PRICE_MAX_USD = 100_000

type Fields = Readonly<Record<string, unknown>>

/** Throws an Error that names what is wrong. Models without a price that we charge are left out. */
export function readPriceFile(text: string): PriceFile {
  const entries = Object.entries(fieldsAt(parsed(text), 'the price file'))
  const models = entries.flatMap(([name, value]) => {
    const entry = name === SAMPLE ? null : entryOf(name, fieldsAt(value, name))
    return entry ? [[name, entry] as const] : []
  })
  if (models.length === 0) throw new Error('the price file: no model in it has a price')
  return new Map(models)
}

/** What is read of a file, and nothing else of it: as text, to be kept and read again. */
export function trimmed(text: string): string {
  const kept = Object.entries(fieldsAt(parsed(text), 'the price file')).flatMap(([name, value]) => {
    if (name === SAMPLE) return []
    const fields = Object.entries(fieldsAt(value, name)).filter(
      ([field, given]) => given !== null && (isPriceField(field) || ABOUT.has(field)),
    )
    return fields.some(([field]) => isPriceField(field)) ? [[name, Object.fromEntries(fields)]] : []
  })
  return JSON.stringify(Object.fromEntries(kept))
}

const ABOUT = new Set(['litellm_provider', 'max_input_tokens'])

function entryOf(name: string, fields: Fields): FileEntry | null {
  const given = Object.entries(fields).filter(
    ([field, value]) => value !== null && isPriceField(field),
  )
  const prices = given.map(([field, value]) => [field, priceAt(value, `${name}.${field}`)] as const)
  const provider = fields['litellm_provider']
  const window = fields['max_input_tokens']
  const owner = typeof provider === 'string' ? provider : (name.split('/')[0] ?? '')
  const overrides = readOverrides(Object.fromEntries(prices), providerOf(owner))
  return (
    overrides && {
      provider: typeof provider === 'string' ? provider.toLowerCase() : null,
      maxInputTokens: Number.isSafeInteger(window) && Number(window) > 0 ? Number(window) : null,
      overrides,
    }
  )
}

function priceAt(value: unknown, at: string): Pico {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  if (!NUMBER.test(text) || Number(text) > PRICE_MAX_USD) {
    const said = JSON.stringify(value) ?? 'nothing'
    throw new Error(`${at}: expected USD from 0 to ${PRICE_MAX_USD}, got ${said.slice(0, 80)}`)
  }
  return parsePico(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('the price file: expected JSON')
  }
}

function fieldsAt(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${at}: expected an object`)
  }
  return { ...value }
}
