import { Field, type Filled } from '../parts/fields.tsx'
import { Page, type Viewer } from '../parts/page.tsx'

interface TestKeyProps {
  readonly viewer: Viewer
  readonly apiKey: string
  readonly models: readonly string[]
}

/** A chat in the browser, by a script: the key goes to the gateway as any client's. */
export function TestKey({ viewer, apiKey, models }: TestKeyProps) {
  const values = { key: apiKey, model: models[0] ?? '', message: 'hi' }
  const filled: Filled = { values, problem: null }
  return (
    <Page title="Test key" viewer={viewer} at="/ui/test-key" script="test-key.js">
      <h1>Test key</h1>
      <form id="ask" class="card">
        <Field name="key" label="Key" filled={filled} required secret />
        <Field name="model" label="Model" filled={filled} list={models} required />
        <Field name="message" label="Message" filled={filled} required />
        <button>Send</button>
        <noscript>
          <p class="note">This page needs JavaScript. On a key’s page there is a curl command.</p>
        </noscript>
      </form>
      <section class="card" aria-label="Answer">
        <h2>Answer</h2>
        <div id="answer" aria-live="polite"></div>
        <dl id="facts"></dl>
      </section>
      <section class="card" aria-label="Code">
        <h2>The same by curl</h2>
        <pre id="code" tabindex={0}></pre>
      </section>
    </Page>
  )
}
