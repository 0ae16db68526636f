import { Bar, Money, When } from '../parts/amounts.tsx'
import { Act } from '../parts/fields.tsx'
import { Alert, Page, type Viewer } from '../parts/page.tsx'
import { Pager } from '../parts/table.tsx'
import { type Key, Keys } from './team.tsx'

interface KeysProps {
  readonly viewer: Viewer
  readonly keys: readonly Key[]
  readonly total: number
  readonly page: number
  readonly pages: number
  readonly nowMs: number
}

export function KeyList({ viewer, keys, total, page, pages, nowMs }: KeysProps) {
  return (
    <Page title="Keys" viewer={viewer} at="/ui/keys">
      <h1>Keys</h1>
      <p class="note">{total} in all. A key is created on its team’s page.</p>
      <Keys keys={keys} nowMs={nowMs} />
      <Pager label="Pages of keys" page={page} pages={pages} />
    </Page>
  )
}

export interface KeyInfo {
  readonly key: string
  readonly info: Key & {
    readonly team_id: string | null
    readonly user_id: string | null
    readonly held?: number | null
    readonly models: readonly string[]
    readonly budget_reset_at: string | null
  }
}

interface KeyProps {
  readonly viewer: Viewer
  readonly hash: string
  readonly info: KeyInfo['info']
  readonly problem: string | null
  readonly nowMs: number
}

export function KeyPage({ viewer, hash, info, problem, nowMs }: KeyProps) {
  const at = `/ui/keys/${hash}`
  const { spend, held, max_budget: limit, team_id: teamId, expires } = info
  return (
    <Page title={info.key_alias || info.key_name} viewer={viewer} at="/ui/keys">
      <h1>{info.key_alias || info.key_name}</h1>
      <Alert>{problem}</Alert>
      <section class="card" aria-label="Budget">
        <Bar spend={spend} held={held} limit={limit} />
        <dl>
          <dt>Spent</dt>
          <dd>
            <Money usd={spend} />
          </dd>
          <dt>Limit</dt>
          <dd>{limit === null ? 'none of its own' : <Money usd={limit} />}</dd>
          <dt>Team</dt>
          <dd>
            {teamId === null ? (
              'none'
            ) : (
              <a href={`/ui/teams/${encodeURIComponent(teamId)}`}>{teamId}</a>
            )}
          </dd>
          <dt>Models</dt>
          <dd>{info.models.length > 0 ? info.models.join(', ') : 'all'}</dd>
          <dt>Expires</dt>
          <dd>{expires === null ? 'never' : <When at={expires} nowMs={nowMs} />}</dd>
          <dt>Hash</dt>
          <dd>
            <code>{hash}</code>
          </dd>
        </dl>
      </section>
      <section class="card row" aria-label="Changes">
        <Act to={`${at}/${info.blocked ? 'unblock' : 'block'}`} quiet>
          {info.blocked ? 'Admit calls again' : 'Block'}
        </Act>
        <Act to={`${at}/regenerate`} quiet>
          Regenerate: the old key ends
        </Act>
        <Act to={`${at}/delete`} quiet>
          Delete
        </Act>
      </section>
    </Page>
  )
}
