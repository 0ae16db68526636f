import { Field, type Filled } from '../parts/fields.tsx'
import { Alert, Page, type Viewer } from '../parts/page.tsx'
import { DURATIONS } from './team-new.tsx'

export const KEY_FIELDS = [
  'key_alias',
  'max_budget',
  'budget_duration',
  'duration',
  'rpm_limit',
] as const

interface NewKeyProps {
  readonly viewer: Viewer
  readonly team: string
  readonly filled: Filled
}

export function NewKey({ viewer, team, filled }: NewKeyProps) {
  const { problem } = filled
  const isElsewhere = problem && !KEY_FIELDS.some((name) => name === problem.field)
  return (
    <Page title="Create key" viewer={viewer} at="/ui/teams">
      <h1>Create a key of {team}</h1>
      <Alert>{isElsewhere && problem.message}</Alert>
      <form class="card" method="post">
        <Field name="key_alias" label="Name" hint="So that you know it again." filled={filled} />
        <Field
          name="max_budget"
          label="Budget of its own in USD"
          hint="Empty: only the team's."
          filled={filled}
          inputmode="decimal"
        />
        <Field name="budget_duration" label="Period" filled={filled} list={DURATIONS} />
        <Field
          name="duration"
          label="Expires after"
          hint="30d, 12h, …. Empty: never."
          filled={filled}
        />
        <Field name="rpm_limit" label="Requests per minute" filled={filled} inputmode="numeric" />
        <button>Create key</button>
      </form>
    </Page>
  )
}

interface KeyMadeProps {
  readonly viewer: Viewer
  readonly apiKey: string
  /** Of this deployment. */
  readonly url: string
  readonly model: string
}

/** Shown once: only its hash is kept. */
export function KeyMade({ viewer, apiKey, url, model }: KeyMadeProps) {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] })
  return (
    <Page title="Your key" viewer={viewer} at="/ui/teams">
      <h1>Your key</h1>
      <section class="card" aria-label="Key">
        <p>Copy it now: it is not shown again.</p>
        <code class="key" id="made-key">
          {apiKey}
        </code>
        <form method="post" action="/ui/test-key">
          <input type="hidden" name="key" value={apiKey} />
          <p>
            <button>Test key</button>
          </p>
        </form>
      </section>
      <h2>curl</h2>
      <pre tabindex={0}>{`curl '${url}/v1/chat/completions' -H 'Authorization: Bearer ${apiKey}' \\
  -H 'Content-Type: application/json' -d '${body}'`}</pre>
      <h2>openai</h2>
      <pre
        tabindex={0}
      >{`const client = new OpenAI({ baseURL: '${url}/v1', apiKey: '${apiKey}' })`}</pre>
    </Page>
  )
}
