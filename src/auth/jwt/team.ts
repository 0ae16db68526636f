import type { JwtAuth } from '../../config/jwt/jwt-auth.ts'
import type { KeyRecord } from '../../db/keys.ts'
import { badRequest } from '../../errors.ts'
import { sha256Hex } from '../../ids.ts'
import { isAllowed } from '../../ledger/access.ts'
import type { PolicyRow } from '../../ledger/policy.ts'
import { emptyRecord, type Principal } from '../caller.ts'
import { type FindKeyDeps, findKeyRecord } from '../find-key.ts'
import type { Identity } from './identity.ts'
import { forbidden, pythonList, teamMissing } from './refusals.ts'

/** What a token's caller is looked up with. The caches are those of keys. */
export interface ResolveDeps extends Omit<FindKeyDeps, 'findKey'> {
  readonly auth: JwtAuth
  /** Whoever pays, made where that is allowed. Throws 404 and the like, which no cache keeps. */
  readonly loadPrincipal: (principal: Principal, hash: string) => Promise<KeyRecord>
  /** The teams of these ids that are there, in this order. */
  readonly loadTeams: (teamIds: readonly string[]) => Promise<readonly PolicyRow[]>
  readonly loadTeamsOfAlias: (alias: string) => Promise<readonly PolicyRow[]>
}

type Chosen = Pick<Principal, 'teamId' | 'mayMakeTeam'>

interface Wanted {
  /** `x-litellm-team-id` */
  readonly teamId: string | null
  readonly model: string | null
}

/**
 * LiteLLM's order: the header, the claim of one team, its alias, the first of a list that may use
 * the model. Null: of the list none is there, and no model is asked for.
 */
export async function chooseTeam(
  deps: ResolveDeps,
  identity: Identity,
  wanted: Wanted,
): Promise<Chosen | null> {
  const { upsert } = deps.auth.team
  const { teamId, teamAlias, teamIds } = identity
  const named = teamId !== null || teamAlias === null ? teamId : await idOfAlias(deps, teamAlias)
  if (wanted.teamId !== null) {
    const theirs = [...(named === null ? [] : [named]), ...teamIds]
    if (!theirs.includes(wanted.teamId)) {
      throw forbidden(
        `Team=${wanted.teamId} of the header x-litellm-team-id is not among the token's teams: ` +
          pythonList(theirs),
      )
    }
    return { teamId: wanted.teamId, mayMakeTeam: upsert }
  }
  if (named !== null) return { teamId: named, mayMakeTeam: upsert && named === teamId }
  return firstOf(deps, teamIds, wanted.model)
}

/** Groups of an identity provider are not all teams: none is made of a list. */
async function firstOf(
  deps: ResolveDeps,
  teamIds: readonly string[],
  model: string | null,
): Promise<Chosen | null> {
  const teams = await known(deps, ['jwt-teams', ...teamIds], () => deps.loadTeams(teamIds))
  const first = teams.find((team) => model === null || mayUse(team, model))
  if (first) return { teamId: idOf(first), mayMakeTeam: false }
  if (model === null) return null
  throw forbidden(
    `No team has access to the requested model: ${model}. Checked teams=${pythonList(teamIds)}. ` +
      'Check `/models` to see all available models.',
  )
}

function mayUse({ models, aliases }: PolicyRow, model: string): boolean {
  const name = aliases && Object.hasOwn(aliases, model) ? aliases[model] : model
  return isAllowed(models, name ?? model)
}

async function idOfAlias(deps: ResolveDeps, alias: string): Promise<string> {
  const teams = await known(deps, ['jwt-alias', alias], () => deps.loadTeamsOfAlias(alias))
  if (teams.length > 1) {
    throw badRequest(`Multiple teams found with team_alias=${alias}`, 'team_alias')
  }
  const [team] = teams
  if (!team) throw teamMissing(alias)
  return idOf(team)
}

/** From the caches of keys, since a warm call asks Postgres nothing; that there is none is not kept. */
async function known(
  deps: ResolveDeps,
  name: readonly string[],
  load: () => Promise<readonly PolicyRow[]>,
): Promise<readonly PolicyRow[]> {
  const hash = await sha256Hex(JSON.stringify(name))
  const nothing = new Nothing()
  const findKey = async () => {
    const teams = await load()
    if (teams.length === 0) throw nothing
    return { ...emptyRecord(hash), teams }
  }
  try {
    return (await findKeyRecord({ ...deps, findKey }, hash))?.teams ?? []
  } catch (error) {
    if (error === nothing) return []
    throw error
  }
}

class Nothing extends Error {}

function idOf({ id }: PolicyRow): string {
  return id.slice('team:'.length)
}
