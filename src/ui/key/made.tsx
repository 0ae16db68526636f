import { Page } from '../parts/page.tsx'
import { Snippets } from '../parts/snippets.tsx'
import type { Viewer } from '../viewer.ts'

interface KeyMadeProps {
  readonly viewer: Viewer
  readonly apiKey: string
  /** Of this deployment. */
  readonly url: string
  readonly model: string
}

/** Shown once: only its hash is kept. */
export function KeyMade({ viewer, apiKey, url, model }: KeyMadeProps) {
  return (
    <Page title="Your key" viewer={viewer} at="/ui/keys" scripts={['copy.js']}>
      <h1>Your key</h1>
      <section class="card" aria-label="Key">
        <p>Copy it now: it is not shown again.</p>
        <code class="key" id="made-key">
          {apiKey}
        </code>
        <form class="tools" method="post" action="/ui/test-key">
          <input type="hidden" name="key" value={apiKey} />
          <button type="button" class="quiet" data-copies="made-key">
            Copy
          </button>
          <button>Test key</button>
        </form>
      </section>
      <Snippets code={{ url, apiKey, model, message: 'hi' }} />
    </Page>
  )
}
