import type { JsonObject } from '../json-members.ts'

/** A call whose provider speaks another API than its client: what is sent, and how answers come back. */
export interface Translation {
  /** Below the provider's base URL. */
  readonly path: string
  /** The client's request in the provider's API. */
  readonly bytes: Uint8Array
  readonly object: JsonObject
  /** A whole answer as the client knows it; null: it is no answer. */
  readonly answer: (bytes: Uint8Array) => Uint8Array | null
  /** A refusal as the client knows it. */
  readonly error: (bytes: Uint8Array, status: number) => Uint8Array
  readonly stream: () => StreamTranslator
}

/** Takes the provider's events, split anywhere, and returns the client's. */
export interface StreamTranslator {
  readonly push: (chunk: Uint8Array) => readonly Uint8Array[]
  /** What is left to say once the provider has said all. */
  readonly end: () => readonly Uint8Array[]
}
