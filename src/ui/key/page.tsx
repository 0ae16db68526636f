import { Bar, Money } from '../parts/amounts.tsx'
import { Act, Alert, Final, InlineForm } from '../parts/form.tsx'
import { href } from '../parts/href.ts'
import { Head, Live, LIVE, Page } from '../parts/page.tsx'
import { When } from '../parts/times.tsx'
import type { Viewer } from '../viewer.ts'
import { pathOf as teamPath } from '../team/rows.ts'
import { type KeyInfo, nameOf, pathOf } from './rows.ts'

interface KeyProps {
  readonly viewer: Viewer
  readonly hash: string
  readonly info: KeyInfo
  /** Its team's name; null: it has no team. */
  readonly team: string | null
  readonly problem: string | null
  /** What would become of a call now; null: nobody asked. */
  readonly verdict: Verdict | null
  readonly models: readonly string[]
}

export interface Verdict {
  readonly model: string
  /** Null: it would be admitted. */
  readonly refusal: string | null
}

export function KeyPage(props: KeyProps) {
  const { viewer, hash, info, team, problem, verdict, models } = props
  const at = pathOf(hash)
  return (
    <Page title={nameOf(info)} viewer={viewer} at="/ui/keys" scripts={LIVE}>
      <Head
        title={
          <>
            {nameOf(info)} {info.blocked && <span class="tag">blocked</span>}
          </>
        }
      >
        {viewer.mayChange && (
          <a class="button quiet" href={`${at}/settings`}>
            Settings
          </a>
        )}
        <a class="button quiet" href={href('/ui/logs', { api_key: hash })}>
          Logs
        </a>
        <a class="button" href={href('/ui/test-key', { hash })}>
          Test key
        </a>
      </Head>
      <Alert>{problem}</Alert>
      <Live id="budget">
        <Budget info={info} />
      </Live>
      <Ask at={at} verdict={verdict} models={models} />
      <Facts hash={hash} info={info} team={team} />
      {viewer.mayChange && (
        <section class="card tools" aria-label="Changes">
          <Act to={`${at}/${info.blocked ? 'unblock' : 'block'}`}>
            {info.blocked ? 'Admit calls again' : 'Block'}
          </Act>
          <Final to={`${at}/regenerate`} name="Regenerate">
            End this key and show a new one
          </Final>
          <Final to={`${at}/reset`} name="Reset spend">
            Set its spend to zero
          </Final>
          <Final to={`${at}/delete`} name="Delete">
            Delete for good
          </Final>
        </section>
      )}
    </Page>
  )
}

function Budget({ info }: { readonly info: KeyInfo }) {
  const { spend, held, max_budget: limit, budget_reset_at: resetAt } = info
  return (
    <section class="card wide" aria-label="Budget">
      <p class="spread">
        <span>
          <strong class="spent">
            <Money usd={spend} />
          </strong>{' '}
          spent
          {limit !== null && (
            <>
              {' '}
              of <Money usd={limit} />
            </>
          )}
        </span>
        {resetAt !== null && (
          <span class="note">
            resets <When at={resetAt} />
          </span>
        )}
      </p>
      <Bar spend={spend} held={held} limit={limit} />
    </section>
  )
}

const limit = (value: number | null) => value?.toLocaleString('en-US') ?? 'no limit of its own'

function Facts({ hash, info, team }: Pick<KeyProps, 'hash' | 'info' | 'team'>) {
  const { team_id: teamId, expires } = info
  return (
    <section class="card" aria-label="Settings">
      <dl>
        <dt>Team</dt>
        <dd>{teamId === null ? 'none' : <a href={teamPath(teamId)}>{team ?? teamId}</a>}</dd>
        <dt>User</dt>
        <dd>{info.user_id ?? 'none'}</dd>
        <dt>Models</dt>
        <dd>{info.models.length > 0 ? info.models.join(', ') : 'all that its team may call'}</dd>
        <dt>Shared budget</dt>
        <dd>{info.budget_id ?? 'none'}</dd>
        <dt>Requests per minute</dt>
        <dd>{limit(info.rpm_limit)}</dd>
        <dt>Tokens per minute</dt>
        <dd>{limit(info.tpm_limit)}</dd>
        <dt>Expires</dt>
        <dd>{expires === null ? 'never' : <When at={expires} />}</dd>
        <dt>Hash</dt>
        <dd>
          <code>{hash}</code>
        </dd>
      </dl>
    </section>
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
      <InlineForm
        action={`${at}/ask`}
        filled={{ values, problem: null }}
        fields={[{ name: 'model', label: 'Model', suggestions: models, required: true }]}
        button="Ask"
      />
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
