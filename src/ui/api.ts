import type { Context } from 'hono'
import type { Caller } from '../auth/caller.ts'
import { envOf } from '../callers.ts'
import { href } from './parts/href.ts'

/** The whole Worker, as clients reach it. */
export type Front = (request: Request, env: object, c: Context) => Response | Promise<Response>

/** What the admin API says against something; `field` is what it is about, if it is about one. */
export class ApiProblem extends Error {
  readonly status: number
  readonly field: string | null

  constructor(status: number, message: string, field: string | null) {
    super(message)
    this.status = status
    this.field = field
  }
}

/**
 * The admin API, for who is signed in. Pages go through it for everything, so that rights, checks and
 * the audit log are the API's own.
 */
export class Api {
  readonly #front: Front
  readonly #c: Context
  readonly #caller: Caller

  constructor(front: Front, c: Context, caller: Caller) {
    this.#front = front
    this.#c = c
    this.#caller = caller
  }

  /** Throws an ApiProblem. */
  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#send(href(path, query))
  }

  /** The same of a list that has a next page: its cursor, or null. Throws an ApiProblem. */
  async list<T>(
    path: string,
    query: Query,
  ): Promise<{ readonly answer: T; readonly next: string | null }> {
    const response = await this.#ask(href(path, query), {})
    const answer = await answerOf<T>(response)
    return { answer, next: response.headers.get('x-tollgate-next-cursor') }
  }

  /** Throws an ApiProblem. */
  post<T>(path: string, body: object): Promise<T> {
    return this.#send(path, { method: 'POST', body: JSON.stringify(body) })
  }

  /** What would become of a call. Throws an ApiProblem. */
  dryRun(body: object): Promise<DryRun> {
    return this.#send('/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'x-tollgate-dry-run': 'true' },
    })
  }

  /** The gateway's answer to a call, as it comes, until who looks at it goes. */
  async chat(body: object): Promise<Response> {
    const { signal } = this.#c.req.raw
    const init = { method: 'POST', body: JSON.stringify(body), signal }
    return this.#ask('/v1/chat/completions', init)
  }

  async #send<T>(path: string, init: RequestInit = {}): Promise<T> {
    return answerOf(await this.#ask(path, init))
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const url = new URL(path, this.#c.req.url)
    const headers = new Headers(init.headers)
    headers.set('content-type', 'application/json')
    const request = new Request(url, { ...init, headers })
    return this.#front(request, envOf(this.#c, this.#caller), this.#c)
  }
}

type Query = Readonly<Record<string, string | undefined>>

async function answerOf<T>(response: Response): Promise<T> {
  if (response.ok) return response.json<T>()
  throw problemOf(response.status, await response.json().catch(() => null))
}

interface DryRun {
  readonly refusal: { readonly error: { readonly message: string } } | null
}

function problemOf(status: number, answer: unknown): ApiProblem {
  const { error } = (answer ?? {}) as { error?: { message?: string; param?: string | null } }
  const { message = `The API answered ${status}.`, param = null } = error ?? {}
  return new ApiProblem(status, message, param === 'None' ? null : param)
}
