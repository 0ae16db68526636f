/**
 * A failure that the caller is told about, in LiteLLM's envelope:
 * `{"error":{"message","type","param","code"}}`, where `code` is the status as text.
 */
export class ApiError extends Error {
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly headers: Readonly<Record<string, string>>
  /** The published docs page prints some codes as a number. */
  readonly numericCode: boolean

  constructor(status: number, message: string, options: ApiErrorOptions = {}) {
    super(message)
    this.status = status
    this.type = options.type ?? 'None'
    this.param = options.param === undefined ? 'None' : options.param
    this.headers = options.headers ?? {}
    this.numericCode = options.numericCode ?? false
  }

  toJSON(): { error: Record<string, unknown> } {
    const code = this.numericCode ? this.status : String(this.status)
    return { error: { message: this.message, type: this.type, param: this.param, code } }
  }
}

interface ApiErrorOptions {
  readonly type?: string
  readonly param?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly numericCode?: boolean
}

/** 400: what was sent can't be accepted; `param` names the field. */
export function badRequest(message: string, param: string | null = null): ApiError {
  return new ApiError(400, message, { type: 'bad_request_error', param })
}

/** 404: there is no such thing. */
export function notFound(message: string, param: string | null = null): ApiError {
  return new ApiError(404, message, { type: 'not_found_error', param })
}

/** 401: nothing is said about why a credential failed beyond what LiteLLM's clients look for. */
export function unauthorized(message: string, type = 'auth_error', param = 'None'): ApiError {
  return new ApiError(401, message, { type, param })
}

/** 503: our side can't decide now; the same call may be sent again. */
export function unavailable(message: string, retryAfterS = 1): ApiError {
  return new ApiError(503, message, {
    type: 'service_unavailable',
    param: null,
    headers: { 'retry-after': String(retryAfterS) },
  })
}
