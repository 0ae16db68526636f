import { isAlias, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Document, Pair } from 'yaml'
import { ConfigError } from './problems.ts'

/** YAML text → plain values. Throws a ConfigError that names line and column. */
export function readYaml(text: string): unknown {
  const lines = new LineCounter()
  // LiteLLM's users share rows with anchors and `<<`, which YAML 1.2 alone would not merge.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const at = (offset: number, what: string) => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}: ${what}`
  }
  const problems = document.errors.map((error) => at(error.pos[0], error.message))
  for (const { offset, name } of unresolvedAliases(document)) {
    problems.push(at(offset, `expected the name of an anchor before it, got *${name}`))
  }
  if (problems.length > 0) throw new ConfigError(problems)
  keepPriceDigits(document)
  return document.toJS()
}

function unresolvedAliases(document: Document.Parsed): { offset: number; name: string }[] {
  const found: { offset: number; name: string }[] = []
  visit(document, {
    Alias(_, node) {
      if (!node.resolve(document)) found.push({ offset: node.range?.[0] ?? 0, name: node.source })
    },
  })
  return found
}

// A double holds 17 digits; money is taken from the digits that were typed.
function keepPriceDigits(document: Document.Parsed): void {
  visit(document, {
    Pair(_, pair: Pair) {
      const { key, value } = pair
      if (!isScalar(key) || !String(key.value).endsWith('_cost_per_token')) return
      const scalar = isAlias(value) ? value.resolve(document) : value
      if (isScalar(scalar) && typeof scalar.value === 'number' && scalar.source) {
        scalar.value = scalar.source
      }
    },
  })
}
