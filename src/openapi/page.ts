import type { Operation, Paths } from './document.ts'

/** A page for people: it runs no script and loads nothing but its own style. */
export function page(paths: Paths): string {
  const entries = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
  )
  const groups = [...Map.groupBy(entries, ({ operation }) => tagOf(operation))].toSorted(
    ([one], [other]) => one.localeCompare(other),
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tollgate API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header>
<h1>Tollgate API</h1>
<p>Send your key as <code>Authorization: Bearer sk-…</code>. The same in a form for machines:
<a href="/openapi.json">/openapi.json</a>.</p>
<nav aria-label="Sections">${groups.map(([tag]) => `<a href="#${slug(tag)}">${escape(tag)}</a>`).join(' ')}</nav>
</header>
<main>
${groups.map(([tag, routes]) => section(tag, routes)).join('\n')}
</main>
</body>
</html>`
}

interface Entry {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

function section(tag: string, entries: readonly Entry[]): string {
  return `<section id="${slug(tag)}">
<h2>${escape(tag)}</h2>
${entries.map(route).join('\n')}
</section>`
}

function route({ path, method, operation }: Entry): string {
  const rows = [...parameterRows(operation), ...bodyRows(operation)]
  return `<details>
<summary><code><b>${method.toUpperCase()}</b> ${escape(path)}</code> ${escape(textOf(operation['summary']))}</summary>
${rows.length > 0 ? table(rows) : '<p>It takes no fields.</p>'}
</details>`
}

type Row = readonly [name: string, where: string, type: string, note: string]

function table(rows: readonly Row[]): string {
  const cells = (row: Row) => row.map((cell) => `<td>${escape(cell)}</td>`).join('')
  return `<table>
<thead><tr><th>Field</th><th>Where</th><th>Type</th><th>Note</th></tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody>
</table>`
}

function parameterRows({ parameters = [] }: Operation): Row[] {
  return parameters.map((parameter) => [
    textOf(parameter['name']) + (parameter['required'] ? ' *' : ''),
    textOf(parameter['in']),
    typeOf(parameter['schema']),
    textOf(parameter['description']),
  ])
}

function bodyRows({ requestBody }: Operation): Row[] {
  const schema = at(requestBody, 'content', 'application/json', 'schema')
  const properties = at(schema, 'properties')
  const required = at(schema, 'required')
  if (!isRecord(properties)) return []
  return Object.entries(properties).map(([name, property]) => [
    name + (Array.isArray(required) && required.includes(name) ? ' *' : ''),
    'body',
    typeOf(property),
    textOf(at(property, 'description')),
  ])
}

function typeOf(schema: unknown): string {
  const type = at(schema, 'type')
  if (Array.isArray(type)) return type.join(' or ')
  if (type === 'array') return `list of ${typeOf(at(schema, 'items'))}`
  if (typeof type === 'string') return type
  const options = at(schema, 'anyOf') ?? at(schema, 'enum')
  if (!Array.isArray(options)) return 'any'
  return options.map((one) => (isRecord(one) ? typeOf(one) : JSON.stringify(one))).join(' or ')
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function tagOf(operation: Operation): string {
  const tags = operation['tags']
  return Array.isArray(tags) ? textOf(tags[0]) : ''
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function slug(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z]+/g, '-')
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
}

export const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
nav a { margin-right: .75rem }
details { border-top: 1px solid #8884; padding: .4rem 0 }
summary { cursor: pointer; overflow-wrap: anywhere }
summary code { margin-right: .5rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem; display: block; overflow-x: auto }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
`
