import { Page } from './parts/page.tsx'
import type { Viewer } from './viewer.ts'

/** For what can't be shown at all. */
export function Problem({ title, message, viewer }: ProblemProps) {
  return (
    <Page title={title} viewer={viewer}>
      <h1>{title}</h1>
      <p>{message}</p>
      <p>
        <a href="/ui">Back to the start</a>
      </p>
    </Page>
  )
}

interface ProblemProps {
  readonly title: string
  readonly message: string
  readonly viewer: Viewer | null
}
