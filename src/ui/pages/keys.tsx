import { Bar, Money, When } from '../parts/amounts.tsx'
import { Act, Field } from '../parts/fields.tsx'
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
  /** What would become of a call now; null: nobody asked. */
  readonly verdict: Verdict | null
  readonly models: readonly string[]
  readonly nowMs: number
}

export interface Verdict {
  readonly model: string
  /** Null: it would be admitted. */
  readonly refusal: string | null
}

export function KeyPage(props: KeyProps) {
  const { viewer, hash, info, problem, verdict, models, nowMs } = props
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
      <Ask at={at} verdict={verdict} models={models} />
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

interface AskProps {
  readonly at: string
  readonly verdict: Verdict | null
  readonly models: readonly string[]
}

/** Why is it refused? */
function Ask({ at, verdict, models }: AskProps) {
  const values = { model: verdict?.model ?? models[0] ?? '' }
  return (
    <section class="card" aria-label="Would a call pass?">
      <h2>Would a call pass?</h2>
      <form class="row" method="post" action={`${at}/ask`}>
        <Field
          name="model"
          label="Model"
          filled={{ values, problem: null }}
          list={models}
          required
        />
        <button class="quiet">Ask</button>
      </form>
      {verdict && (
        <p role="status">
          {verdict.refusal === null
            ? `A call of ${verdict.model} would be admitted now.`
            : `A call of ${verdict.model} would be refused now: ${verdict.refusal}`}
        </p>
      )}
      <p class="note">Nothing is held or charged, and no provider is asked.</p>
    </section>
  )
}
