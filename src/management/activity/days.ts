import type { DailyRow, DaySum, Dimension, Metrics } from '../../db/history/daily.ts'
import type { KeyName } from '../../db/history/names.ts'
import { metricFields, sumOf } from './metrics.ts'

/** What keys and teams are called. */
export interface Names {
  readonly keys: ReadonlyMap<string, KeyName>
  readonly teams: ReadonlyMap<string, string | null>
}

/** Whom a breakdown's entities are: of an account the team, or users. */
export type EntityKind = 'team' | 'user'

/** Rows as they are written → LiteLLM's day with its breakdowns. */
export function dayOfRows(
  date: string,
  rows: readonly DailyRow[],
  { names, entities }: { readonly names: Names; readonly entities: EntityKind },
) {
  const withKeys = (read: (row: DailyRow) => string, metadata: (id: string) => object = none) =>
    grouped(rows, read, (id, theirs) => ({
      metrics: metricFields(sumOf(theirs)),
      metadata: metadata(id),
      api_key_breakdown: keysOf(theirs, names),
    }))
  return {
    date,
    metrics: metricFields(sumOf(rows)),
    breakdown: {
      mcp_servers: {},
      models: withKeys(({ model }) => model),
      model_groups: withKeys(({ modelGroup, model }) => modelGroup || model),
      providers: withKeys(({ provider }) => provider || 'unknown'),
      api_keys: keysOf(rows, names),
      entities:
        entities === 'team'
          ? withKeys(({ accountId }) => teamIdOf(accountId), aliasOf(names))
          : withKeys(({ userId }) => userId),
    },
  }
}

/** A day's sums → the same, without what each key had of a model. */
export function dayOfSums(
  date: string,
  sums: readonly DaySum[],
  { names, entities }: { readonly names: Names; readonly entities: EntityKind },
) {
  const by = (
    wanted: Dimension,
    metadata: (id: string) => object = none,
    idOf = (id: string) => id,
  ) =>
    Object.fromEntries(
      sums
        .filter(({ dimension, name }) => dimension === wanted && idOf(name) !== '')
        .map((sum) => {
          const id = idOf(sum.name)
          return [id, { metrics: metricFields(sum), metadata: metadata(id), api_key_breakdown: {} }]
        }),
    )
  return {
    date,
    metrics: metricFields(sumOf(sums.filter(({ dimension }) => dimension === null))),
    breakdown: {
      mcp_servers: {},
      models: by('model'),
      model_groups: by('modelGroup'),
      providers: by('provider'),
      api_keys: by('keyHash', (hash) => keyMetadata(hash, names)),
      entities: entities === 'team' ? by('accountId', aliasOf(names), teamIdOf) : by('userId'),
    },
  }
}

function keysOf(rows: readonly DailyRow[], names: Names) {
  return grouped(
    rows,
    ({ keyHash }) => keyHash,
    (hash, theirs) => ({
      metrics: metricFields(sumOf(theirs)),
      metadata: keyMetadata(hash, names),
    }),
  )
}

function keyMetadata(hash: string, { keys }: Names) {
  const key = keys.get(hash)
  return { key_alias: key?.keyAlias ?? null, team_id: key?.teamId ?? null }
}

function aliasOf({ teams }: Names) {
  return (teamId: string) => ({ team_alias: teams.get(teamId) ?? null })
}

const none = (): object => ({})

/** Nameless ones count in the day's own metrics only. */
function grouped<R extends Metrics, T>(
  rows: readonly R[],
  read: (row: R) => string,
  make: (id: string, rows: readonly R[]) => T,
): Record<string, T> {
  const groups = [...Map.groupBy(rows, read)].filter(([id]) => id !== '')
  return Object.fromEntries(groups.map(([id, theirs]) => [id, make(id, theirs)]))
}

/** Empty: the account is no team's. */
export function teamIdOf(accountId: string): string {
  return accountId.startsWith('team:') ? accountId.slice('team:'.length) : ''
}
