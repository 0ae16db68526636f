import { isPriceField } from '../../pricing/overrides.ts'
import { SECTIONS, USED, WITHOUT_EFFECT } from './fields.ts'
import { isMapping, quote } from '../problems.ts'
import type { Findings } from '../problems.ts'
import { findUnsupported } from './unsupported.ts'

const UNKNOWN = 'is not known to Tollgate and has no effect'
const USED_CALLBACK = 'prometheus'

interface Field {
  /** As it is written, `model_list[2].litellm_params.rpm`. */
  readonly path: string
  /** The same with `[]` for every item, `model_list[].litellm_params.rpm`. */
  readonly kind: string
  readonly value: unknown
}

interface Search {
  readonly findings: Findings
  readonly ignored: ReadonlySet<string>
  readonly used: Set<string>
  /** Kind and what is said of it → where it is. One line a kind, however many rows have it. */
  readonly remarks: Map<string, { paths: string[]; note: string }>
}

/** Refuses what limits or protects and is not enforced; warns of all else that has no effect. */
export function checkSupport(root: unknown, ignored: readonly string[], findings: Findings): void {
  const search: Search = {
    findings,
    ignored: new Set(ignored),
    used: new Set(),
    remarks: new Map(),
  }
  for (const field of fieldsOf({ path: '', kind: '', value: root })) check(field, search)
  for (const { paths, note } of search.remarks.values()) {
    const others = paths.length > 1 ? ` (and ${paths.length - 1} more like it)` : ''
    findings.warnings.push(`${paths[0]} ${note}${others}`)
  }
  for (const path of ignored) {
    if (search.used.has(path)) continue
    findings.warnings.push(`general_settings.ignore_unsupported: "${path}" is not needed`)
  }
}

function fieldsOf({ path, kind, value }: Field): Field[] {
  if (Array.isArray(value)) {
    return value.map((item, i) => ({ path: `${path}[${i}]`, kind: `${kind}[]`, value: item }))
  }
  // A single callback may stand without its list.
  if (typeof value === 'string') return [{ path, kind: `${kind}[]`, value }]
  if (!isMapping(value)) return []
  const dot = path === '' ? '' : '.'
  return Object.entries(value).map(([key, item]) => ({
    path: path + dot + key,
    kind: kind + dot + key,
    value: item,
  }))
}

function check(field: Field, search: Search): void {
  const { path, kind, value } = field
  if (value === null || value === undefined) return
  if (SECTIONS.has(kind)) return fieldsOf(field).forEach((inner) => check(inner, search))
  if (isPrice(kind) || USED.has(kind) || (isCallback(kind) && value === USED_CALLBACK)) return
  const unsupported = WITHOUT_EFFECT.has(kind) ? null : findUnsupported(kind)
  if (!unsupported) return remark(field, WITHOUT_EFFECT.get(kind) ?? UNKNOWN, search)
  if (unsupported.isOff(value)) {
    if (isCallback(kind)) remark(field, UNKNOWN, search)
    return
  }
  const permit = [path, kind].find((name) => search.ignored.has(name))
  if (permit === undefined) {
    search.findings.problems.push(`${path}: ${refusal(unsupported.reason, kind)}`)
    return
  }
  search.used.add(permit)
  remark(field, 'is not enforced, as general_settings.ignore_unsupported accepts', search)
}

function isPrice(kind: string): boolean {
  const [, field] = /^model_list\[\]\.(?:litellm_params|model_info)\.(.+)$/.exec(kind) ?? []
  return field !== undefined && isPriceField(field)
}

function isCallback(kind: string): boolean {
  return kind.endsWith('callback[]') || kind.endsWith('callbacks[]')
}

function refusal(reason: string, kind: string): string {
  return `not supported, ${reason}; to start without it, add "${kind}" to general_settings.ignore_unsupported`
}

function remark({ path, kind, value }: Field, note: string, { remarks }: Search): void {
  const said = isCallback(kind) ? `${quote(value)} ${note}` : note
  const known = remarks.get(`${kind} ${said}`)
  if (known) known.paths.push(path)
  else remarks.set(`${kind} ${said}`, { paths: [path], note: said })
}
