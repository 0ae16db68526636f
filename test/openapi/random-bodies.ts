import fc from 'fast-check'

/** As far as the document uses it. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly propertyNames?: Schema
}

/** What breaks programs that build queries, headers and logs out of texts. */
const NASTY = [
  '',
  ' ',
  "'; DROP TABLE teams; --",
  '" or ""="',
  '${7*7}',
  '../../etc/passwd',
  '\u0000',
  'a\r\nx-admin: yes',
  '\ud800',
  '💸'.repeat(40),
  'x'.repeat(10_000),
  '<script>alert(1)</script>',
  '__proto__',
  'null',
  '-1',
  '30d',
  '1mo',
  '2026-01-01',
  'llama3',
  'default_user_id',
  'proxy_admin',
  'sk-1234',
]

const NUMBERS = [0, -0, -1, 1, 0.5, 1e-12, 1e308, -1e308, 2 ** 53, 2 ** 63, 1e21]

/** A value of any type, whatever was asked for. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...NASTY, ...NUMBERS, null, true, false) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 10_001 }, () => 'x')) },
)

/** Mostly what the schema asks for, now and then anything. `ids` are of rows that may be there. */
export function valueOf(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 9, arbitrary: wellTyped(schema, ids) },
    { weight: 1, arbitrary: anything },
  )
}

function wellTyped(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const options = schema.anyOf ?? schema.oneOf
  if (options) return fc.oneof(...options.map((option) => valueOf(option, ids)))
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length === 0) return anything
  return fc.oneof(...types.map((type) => ofType(type, schema, ids)))
}

function ofType(type: string, schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.oneof(fc.nat(), fc.constantFrom(...NUMBERS))
    case 'number':
      return fc.oneof(fc.double({ min: 0, max: 1_000, noNaN: true }), fc.constantFrom(...NUMBERS))
    case 'string':
      return fc.oneof(fc.constantFrom(...ids), fc.constantFrom(...NASTY), fc.string())
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, ids), { maxLength: 4 })
    default:
      return objectOf(schema, ids)
  }
}

/** With some of its fields, and now and then one that nobody knows. */
function objectOf(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  const { properties = {}, additionalProperties: more } = schema
  const fields = Object.entries(properties)
  if (fields.length === 0) {
    const values = typeof more === 'object' ? valueOf(more, ids) : anything
    return fc.dictionary(fc.oneof(fc.constantFrom(...ids, ...NASTY), fc.string()), values, {
      maxKeys: 3,
    })
  }
  return fc
    .uniqueArray(fc.constantFrom(...fields.map(([name]) => name)), { maxLength: 6 })
    .chain((chosen) => {
      const names = new Set([...chosen, ...(schema.required ?? [])])
      return fc.record(
        Object.fromEntries(
          fields
            .filter(([name]) => names.has(name))
            .map(([name, property]) => [name, valueOf(property, ids)]),
        ),
        { requiredKeys: [] },
      )
    })
}
