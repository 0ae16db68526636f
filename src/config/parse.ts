import { z } from 'zod'
import { parseAccess } from './access.ts'
import { apiBaseProblem } from './api-base.ts'
import type { Alias, Config, Deployment } from './config.ts'
import { makeDeployment } from './deployments.ts'
import { readYaml } from './document.ts'
import { makeLookup, resolveEnvironment } from './environment.ts'
import type { Environment, Lookup } from './environment.ts'
import { parseJwtAuth } from './jwt/parse.ts'
import { indexModels, resolveGroup } from './models.ts'
import { ConfigError, describe, formatPath, isMapping } from './problems.ts'
import type { Findings, Path } from './problems.ts'
import {
  EnvironmentVariables,
  GeneralSettings,
  LitellmSettings,
  Prices,
  RouterSettings,
  Row,
} from './schema.ts'
import { makeSettings } from './settings.ts'
import type { Sections } from './settings.ts'
import { checkSupport } from './support/check.ts'
import { teamDefaultsWarning } from './team-defaults.ts'

export interface Parsed {
  readonly config: Config
  readonly warnings: readonly string[]
}

/** One parse: what is read, and what was found to say about it. */
interface Reading {
  readonly raw: Readonly<Record<string, unknown>>
  readonly root: Readonly<Record<string, unknown>>
  /** Path → the variable that is not set. */
  readonly missing: ReadonlyMap<string, string>
  readonly lookup: Lookup
  readonly isDev: boolean
  readonly findings: Findings
}

/** config.yaml → Config, frozen. Throws a ConfigError that lists all that is wrong with it. */
export function parseConfig(yamlText: string, env: Environment): Parsed {
  const reading = read(yamlText, env)
  const { findings, lookup } = reading
  for (const [path, name] of reading.missing) {
    findings.warnings.push(`${path}: the environment variable ${name} is not set`)
  }
  const general = parseSection(GeneralSettings, 'general_settings', reading) ?? {}
  const sections = {
    litellm: parseSection(LitellmSettings, 'litellm_settings', reading) ?? {},
    general,
    router: parseSection(RouterSettings, 'router_settings', reading) ?? {},
    jwtAuth: parseJwtAuth({
      ...reading,
      isEnabled: general.enable_jwt_auth,
      parseAt: (schema, place) => parseAt(schema, place, reading),
    }),
    access: parseAccess(reading),
  }
  parseSection(EnvironmentVariables, 'environment_variables', reading)
  const settings = makeSettings(sections, lookup)
  const warning = teamDefaultsWarning(sections.litellm)
  if (warning !== null) findings.warnings.push(warning)
  checkSupport(reading.raw, settings.ignoreUnsupported, findings)
  const deployments = parseDeployments(reading, sections, settings.requestTimeoutMs)
  const modelGroupAlias = makeAliases(sections)
  const index = indexModels(deployments, modelGroupAlias)
  const config = freeze({ deployments, modelGroupAlias, settings, index })
  if (findings.problems.length > 0) throw new ConfigError(findings.problems)
  warnOfAliases(config, findings)
  return { config, warnings: Object.freeze([...findings.warnings]) }
}

function read(yamlText: string, env: Environment): Reading {
  const raw = readYaml(yamlText) ?? {}
  if (!isMapping(raw)) {
    throw new ConfigError([`expected a mapping with model_list, got ${describe(raw)}`])
  }
  const lookup = makeLookup(raw, env)
  const { value, missing } = resolveEnvironment(raw, lookup)
  const findings = { problems: [], warnings: [] }
  return {
    raw,
    root: isMapping(value) ? value : {},
    missing,
    lookup,
    isDev: env.TOLLGATE_DEV === 'true',
    findings,
  }
}

function parseSection<T extends z.ZodType>(schema: T, name: string, reading: Reading) {
  return parseAt(schema, { path: [name], value: reading.root[name] }, reading)
}

interface Place {
  readonly path: Path
  readonly value: unknown
}

/** Undefined if it does not fit; the problems then say why. What is absent is empty. */
function parseAt<T extends z.ZodType>(schema: T, place: Place, reading: Reading) {
  const result = schema.safeParse(place.value ?? {})
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const at = formatPath([...place.path, ...issue.path])
    const name = reading.missing.get(at)
    const cause = name === undefined ? '' : `: the environment variable ${name} is not set`
    reading.findings.problems.push(`${at}: ${issue.message}${cause}`)
  }
  return undefined
}

function parseDeployments(
  reading: Reading,
  { router, general }: Sections,
  timeoutMs: number,
): Deployment[] {
  const { root, raw, lookup, isDev, findings } = reading
  const hosts = { isDev, allowedHosts: general.allowed_api_base_hosts ?? [] }
  const rows = root.model_list ?? []
  if (!Array.isArray(rows)) {
    findings.problems.push(`model_list: expected a list of models, got ${describe(rows)}`)
    return []
  }
  if (rows.length === 0) findings.warnings.push('model_list is empty: no model can be called')
  const rawRows: unknown[] = Array.isArray(raw.model_list) ? raw.model_list : []
  const streamTimeoutMs = router.stream_timeout ? Math.ceil(router.stream_timeout * 1000) : null
  const { price_file_url: fileUrl } = general
  const fileProblem = fileUrl === undefined ? null : apiBaseProblem(fileUrl, hosts)
  if (fileProblem !== null)
    findings.problems.push(`general_settings.price_file_url: ${fileProblem}`)
  const hasPriceFile = fileUrl !== undefined
  const shared = { hosts, lookup, findings, timeoutMs, streamTimeoutMs, hasPriceFile }
  const places = new Map<string, string>()
  return rows.flatMap((value: unknown, i) => {
    const path = formatPath(['model_list', i])
    const row = parseAt(Row, { path: ['model_list', i], value }, reading)
    const prices = parsePrices({ path: ['model_list', i], value }, reading)
    const deployment = row && makeDeployment(row, { ...shared, path, raw: rawRows[i], prices })
    if (!deployment) return []
    const other = places.get(deployment.id)
    if (other !== undefined) findings.problems.push(sameId(path, other, row.model_info?.id))
    places.set(deployment.id, path)
    return [deployment]
  })
}

/** What litellm_params says wins over model_info. */
function parsePrices({ path, value }: Place, reading: Reading) {
  const row = isMapping(value) ? value : {}
  const pricesIn = (name: string) =>
    parseAt(Prices, { path: [...path, name], value: row[name] }, reading) ?? {}
  return { ...pricesIn('model_info'), ...pricesIn('litellm_params') }
}

function sameId(path: string, other: string, id: string | undefined): string {
  if (id === undefined)
    return `${path}: the same as ${other}; remove it, or give it a model_info.id`
  return `${path}.model_info.id: expected an id that no other row has, but ${other} has "${id}" too`
}

function makeAliases({ router }: Sections): Readonly<Record<string, Alias>> {
  const entries = Object.entries(router.model_group_alias ?? {}).map(([name, to]) => {
    const alias = typeof to === 'string' ? { model: to } : to
    return [name, { group: alias.model, hidden: alias.hidden ?? false }] as const
  })
  return Object.fromEntries(entries)
}

function warnOfAliases(config: Config, { warnings }: Findings): void {
  for (const [name, { group }] of Object.entries(config.modelGroupAlias)) {
    if (resolveGroup(config, group)) continue
    warnings.push(`router_settings.model_group_alias.${name}: no model is named "${group}"`)
  }
}

/** Deeply; a map cannot be frozen itself, and its type forbids to write to it. */
function freeze<T>(value: T): T {
  if (Array.isArray(value) || isMapping(value)) Object.values(value).forEach(freeze)
  if (value instanceof Map) value.forEach((item: unknown) => freeze(item))
  return value instanceof Map || value instanceof RegExp ? value : Object.freeze(value)
}
