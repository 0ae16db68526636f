import { ApiError, badRequest } from '../errors.ts'
import { JsonError, type JsonObject, readMember, scanObject } from '../upstream/json-members.ts'
import { MESSAGES_CAPS, OUTPUT_CAPS } from '../upstream/output-cap.ts'
import type { Endpoint } from './endpoints.ts'

/** A request's body as it came, and the few members that we read. */
export interface LlmBody {
  readonly bytes: Uint8Array
  readonly object: JsonObject
  readonly model: string | null
  readonly stream: boolean
  readonly streamOptions: Readonly<Record<string, unknown>> | null
  /** The smallest output cap that was sent; null: none. */
  readonly outputCap: number | null
  readonly answers: number
  readonly endUser: string | null
  /** The service tier that is asked for. */
  readonly serviceTier: string | null
}

const ANSWERS_MAX = 128
/** Members that we read are short; longer ones are not worth building. */
const MEMBER_MAX_BYTES = 16 * 1024

/** The whole body, bounded. Throws 413 and 415 as our envelope. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const type = request.headers.get('content-type')
  if (type && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    throw new ApiError(415, `Content-Type must be application/json, got ${type.slice(0, 100)}`, {
      type: 'invalid_request_error',
      param: 'content-type',
    })
  }
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  const [first] = chunks
  return chunks.length === 1 && first ? first : concat(chunks, length)
}

export function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** Throws a 400 that names the field. */
export function readLlmBody(bytes: Uint8Array, endpoint: Endpoint): LlmBody {
  const object = scan(bytes)
  const read = (name: string): unknown => {
    const member = object.members.get(name)
    const length = member ? member.valueEnd - member.valueStart : 0
    if (length > MEMBER_MAX_BYTES) throw wrongType(name, `at most ${MEMBER_MAX_BYTES} bytes`)
    return readMember(bytes, object, name)
  }
  const isAnthropic = endpoint.dialect === 'anthropic'
  const user = isAnthropic ? mapping('metadata', read('metadata'))?.['user_id'] : read('user')
  const serviceTier = read('service_tier')
  const capNames = isAnthropic ? MESSAGES_CAPS : OUTPUT_CAPS
  const caps = capNames.map((name) => wholeNumber(name, read(name))).filter((cap) => cap !== null)
  const manyNames = isAnthropic ? [] : ['n', 'best_of']
  const answers = manyNames.map((name) => wholeNumber(name, read(name)) ?? 1)
  const most = Math.max(1, ...answers)
  if (most > ANSWERS_MAX) throw badRequest(`n: expected at most ${ANSWERS_MAX}, got ${most}`, 'n')
  return {
    bytes,
    object,
    model: text('model', read('model')),
    stream: flag('stream', read('stream')) && endpoint.hasOutput,
    streamOptions: mapping('stream_options', read('stream_options')),
    outputCap: caps.length > 0 ? Math.min(...caps) : null,
    answers: endpoint.hasOutput ? most : 1,
    endUser: typeof user === 'string' ? user.slice(0, 256) : null,
    serviceTier: typeof serviceTier === 'string' ? serviceTier : null,
  }
}

function scan(bytes: Uint8Array): JsonObject {
  try {
    return scanObject(bytes)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new ApiError(400, `Invalid JSON payload: ${error.message}`, {
      type: 'invalid_request_error',
      param: 'request_body',
    })
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError(413, `Request body too large: the limit is ${maxBytes} bytes`, {
    type: 'invalid_request_error',
    param: 'request_body',
  })
}

function text(name: string, value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw wrongType(name, 'a string')
  return value
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean')
  return value
}

function mapping(name: string, value: unknown): Readonly<Record<string, unknown>> | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(name, 'an object')
  return { ...value }
}

function wholeNumber(name: string, value: unknown): number | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrongType(name, 'a non-negative integer')
  }
  return value
}

function wrongType(name: string, expected: string): ApiError {
  return badRequest(`${name}: expected ${expected}`, name)
}
