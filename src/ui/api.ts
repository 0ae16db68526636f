import type { Context } from 'hono'
import type { Caller } from '../auth/caller.ts'
import { envOf } from '../callers.ts'

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
  get<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    const known = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1])
    const search = known.length > 0 ? `?${new URLSearchParams(known).toString()}` : ''
    return this.#send(path + search)
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

  async #send<T>(path: string, init: RequestInit = {}): Promise<T> {
    const url = new URL(path, this.#c.req.url)
    const headers = new Headers(init.headers)
    headers.set('content-type', 'application/json')
    const request = new Request(url, { ...init, headers })
    const response = await this.#front(request, envOf(this.#c, this.#caller), this.#c)
    if (response.ok) return response.json<T>()
    throw problemOf(response.status, await response.json().catch(() => null))
  }
}

interface DryRun {
  readonly refusal: { readonly error: { readonly message: string } } | null
}

function problemOf(status: number, answer: unknown): ApiProblem {
  const { error } = (answer ?? {}) as { error?: { message?: string; param?: string | null } }
  const { message = `The API answered ${status}.`, param = null } = error ?? {}
  return new ApiProblem(status, message, param === 'None' ? null : param)
}
