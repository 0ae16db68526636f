import { GEMINI_TOOL_FIRST, NAME, readText, textCodes } from './body-names.ts'

/** More names than this tell an estimate nothing new. */
const TYPES_MAX = 32
/** Reading names costs time, and a body may hold a hundred thousand. */
const READS_MAX = 256
const UNREAD = 'unread'

const isOrdinary = textCodes({ function: true, custom: true })

/**
 * Typed tools that the client runs: each turn is a request of its own. Any other type that is neither
 * `function` nor `custom` is taken for one that the provider may run, in turns that nobody bounds.
 */
const CLIENT_RUN = /^(?:bash|text_editor|memory)_\d+$|^(?:local_shell|apply_patch)$/

/** What the top-level `tools` say. */
export class ToolFacts {
  count = 0
  readonly #types = new Set<string>()
  #reads = 0

  /** Types, in order of appearance, of the tools that run at the provider. */
  get serverTools(): readonly string[] {
    return [...this.#types]
  }

  /** The quoted value of a tool's `type`. */
  type(bytes: Uint8Array, start: number, end: number): void {
    if (this.#reads > READS_MAX || isOrdinary(bytes, start, end)) return
    const type = this.#read(bytes, start, end)
    if (type === 'function' || type === 'custom' || CLIENT_RUN.test(type)) return
    this.#add(type)
  }

  /** A quoted key of a tool. */
  key(code: number, quoted: Uint8Array): void {
    if (code >= GEMINI_TOOL_FIRST) this.#add(this.#read(quoted, 0, quoted.length))
  }

  /** A top-level key. */
  member(code: number): void {
    if (code === NAME.mcp_servers) this.#add('mcp')
  }

  #read(bytes: Uint8Array, start: number, end: number): string {
    if (this.#reads++ >= READS_MAX) return UNREAD
    return readText(bytes, start, end) ?? UNREAD
  }

  #add(type: string): void {
    if (this.#types.size < TYPES_MAX) this.#types.add(type)
  }
}
