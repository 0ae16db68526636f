import { exact, Money } from '../parts/amounts.tsx'
import { Page } from '../parts/page.tsx'
import { Moment } from '../parts/times.tsx'
import type { Viewer } from '../viewer.ts'
import { pathOf as keyPath } from '../key/rows.ts'
import { pathOf as teamPath } from '../team/rows.ts'
import { aliasOf, type LogRow } from './rows.ts'

/** One call: what it was, and what its cost is made of. */
export function Call({ viewer, row }: { readonly viewer: Viewer; readonly row: LogRow }) {
  const name = row.model_group || row.model || 'no model'
  const parts = Object.entries((row.metadata['cost_breakdown'] ?? {}) as Record<string, number>)
  return (
    <Page title="A call" viewer={viewer} at="/ui/logs">
      <h1>A call of {name}</h1>
      <div class="two">
        <section class="card" aria-label="Cost">
          <h2>
            Cost <Money usd={row.spend} />
          </h2>
          <dl>
            {parts.map(([part, usd]) => (
              <>
                <dt>{part.replaceAll('_', ' ')}</dt>
                <dd class="number">{exact(usd)} USD</dd>
              </>
            ))}
          </dl>
          {parts.length === 0 && <p class="note">Nothing is known of its parts.</p>}
        </section>
        <section class="card" aria-label="Call">
          <dl>
            <dt>Began</dt>
            <dd>
              <Moment at={row.startTime} />
            </dd>
            <dt>Ended</dt>
            <dd>
              <Moment at={row.endTime} />
            </dd>
            <dt>Status</dt>
            <dd>{row.status}</dd>
            <dt>Team</dt>
            <dd>
              {row.team_id ? (
                <a href={teamPath(row.team_id)}>{aliasOf(row, 'team') || row.team_id}</a>
              ) : (
                'none'
              )}
            </dd>
            <dt>Key</dt>
            <dd>
              {row.api_key ? (
                <a href={keyPath(row.api_key)}>{aliasOf(row, 'key') || row.api_key}</a>
              ) : (
                'none'
              )}
            </dd>
          </dl>
        </section>
      </div>
      <Facts row={row} />
    </Page>
  )
}

/** All that the row says. */
function Facts({ row }: { readonly row: LogRow }) {
  const { metadata, ...own } = row
  const facts = Object.entries({ ...own, ...metadata }).filter(
    ([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== '',
  )
  return (
    <section class="card" aria-label="Facts">
      <dl>
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{String(value)}</dd>
          </>
        ))}
      </dl>
    </section>
  )
}
