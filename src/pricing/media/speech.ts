import { type JsonObject, readMember } from '../../upstream/json-members.ts'

/** The slowest stream that is still taken for speech: 8 kbit/s. */
const BYTES_PER_SECOND_MIN = 1_000

/** UTF-16 units of the `input` of a speech request, as they are billed; 0 if it is not a text. */
export function charactersOf(body: {
  readonly bytes: Uint8Array
  readonly object: JsonObject
}): number {
  const input = readMember(body.bytes, body.object, 'input')
  return typeof input === 'string' ? input.length : 0
}

/** The most seconds that so many bytes of encoded audio may last. */
export function secondsBound(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_SECOND_MIN)
}
