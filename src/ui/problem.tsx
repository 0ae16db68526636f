import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { isDatabaseDown } from '../db/failures.ts'
import { ApiError } from '../errors.ts'
import { describe, log } from '../log.ts'
import { ApiProblem } from './api.ts'
import { Page } from './parts/page.tsx'
import type { Signed } from './signed.ts'
import type { Viewer } from './viewer.ts'

/** What went wrong, as a page; to a script of ours, as JSON. */
export function showProblem(error: Error, c: Context<Signed>): Response | Promise<Response> {
  const { status, message } = told(error)
  if (/^application\/json\b/.test(c.req.header('content-type') ?? '')) {
    return c.json({ error: { message } }, status as 400)
  }
  const viewer = c.get('viewer') ?? null
  return c.html(Problem({ title: titleOf(status), message, viewer }), status as 400)
}

function titleOf(status: number): string {
  if (status === 404) return 'Not found'
  if (status === 401 || status === 403) return 'Not allowed'
  return status < 500 ? 'That does not work' : 'Not now'
}

interface Told {
  readonly status: number
  readonly message: string
}

/** What nobody foresaw tells the viewer nothing, and the log everything. */
function told(error: unknown): Told {
  if (error instanceof ApiProblem || error instanceof ApiError) return error
  if (error instanceof HTTPException && error.status === 403) {
    return { status: 403, message: 'This form was sent from another place.' }
  }
  log('error', 'page_failed', { error: describe(error) })
  if (isDatabaseDown(error)) {
    const message = 'The database cannot be reached right now. Calls go on; try again in a moment.'
    return { status: 503, message }
  }
  return { status: 500, message: 'Something went wrong here. The log says what.' }
}

interface ProblemProps {
  readonly title: string
  readonly message: string
  readonly viewer: Viewer | null
}

/** For what can't be shown at all. */
function Problem({ title, message, viewer }: ProblemProps) {
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
