import { Field, type Filled, type FormField, type Option } from '../parts/form.tsx'
import { Page } from '../parts/page.tsx'
import { Snippets } from '../parts/snippets.tsx'
import type { Viewer } from '../viewer.ts'

interface TestKeyProps {
  readonly viewer: Viewer
  /** One that was just made; empty: none. */
  readonly apiKey: string
  /** The hash of one that is picked; empty: none. */
  readonly hash: string
  /** Those that may be picked, by hash. */
  readonly keys: readonly Option[]
  readonly models: readonly string[]
  /** Of this deployment. */
  readonly url: string
}

/** A chat in the browser, by a script: the call goes to the gateway as any client's. */
export function TestKey({ viewer, apiKey, hash, keys, models, url }: TestKeyProps) {
  const [model = ''] = models
  const filled: Filled = { values: { key: apiKey, hash, model, message: 'hi' }, problem: null }
  const pick: FormField = {
    name: 'hash',
    label: 'Pick a key',
    kind: 'choice',
    options: [['', 'the one that I paste'], ...keys],
  }
  const paste: FormField = { name: 'key', label: 'Or paste one', kind: 'secret' }
  return (
    <Page title="Test key" viewer={viewer} at="/ui/test-key" scripts={['test-key.js', 'copy.js']}>
      <h1>Test key</h1>
      <form id="ask" class="card">
        <div class="grid">
          {keys.length > 0 && <Field field={pick} filled={filled} />}
          <Field field={keys.length > 0 ? paste : { ...paste, label: 'Key' }} filled={filled} />
          <Field
            field={{ name: 'model', label: 'Model', suggestions: models, required: true }}
            filled={filled}
          />
          <Field field={{ name: 'message', label: 'Message', required: true }} filled={filled} />
        </div>
        <p>
          <button>Send</button>
        </p>
        <noscript>
          <p class="note">This page needs JavaScript. Below is the same by curl.</p>
        </noscript>
      </form>
      <section class="card" aria-label="Answer">
        <h2>Answer</h2>
        <div id="answer" aria-live="polite"></div>
        <dl id="facts"></dl>
      </section>
      <div id="code">
        <Snippets code={{ url, apiKey: KEY_SHOWN, model, message: 'hi' }} />
      </div>
    </Page>
  )
}

/** In the place of a key, which nobody has to have on their screen. */
export const KEY_SHOWN = '<key>'
