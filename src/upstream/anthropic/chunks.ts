import { finishReason, isThought } from './answer.ts'
import { toOpenAiError } from './error.ts'
import { type Fields, fieldsOf, textOf } from './fields.ts'
import { laterUsage, toOpenAiUsage } from './usage.ts'

/** Keeps the line open, and shows that the provider is alive. */
const PING = ': ping\n\n'

/** Anthropic's events as the text of OpenAI's, in order; only what is open is remembered. */
export class ChunkWriter {
  /** Nothing follows: the message has ended, or an error has been told. */
  isOver = false
  readonly #createdS: number
  /** The start of every chunk. */
  #head = '{'
  #usage: Fields = {}
  #finish: string | null = null
  #toolCalls = 0
  /** The open block's: whether it is a tool's, and whether anything of its arguments was said. */
  #isToolOpen = false
  #hasArguments = false

  constructor(nowMs: number) {
    this.#createdS = Math.floor(nowMs / 1_000)
  }

  take(value: unknown): string {
    const event = fieldsOf(value)
    if (this.isOver) return ''
    switch (event['type']) {
      case 'message_start':
        return this.#start(fieldsOf(event['message']))
      case 'content_block_start':
        return this.#openBlock(fieldsOf(event['content_block']))
      case 'content_block_delta':
        return this.#addToBlock(fieldsOf(event['delta']))
      case 'content_block_stop':
        return this.#closeBlock()
      case 'message_delta':
        this.#usage = laterUsage(this.#usage, fieldsOf(event['usage']))
        return this.#takeFinish(fieldsOf(event['delta']))
      case 'message_stop':
        return this.#end()
      case 'error':
        return this.#fail(event)
      case 'ping':
        return PING
      default:
        return ''
    }
  }

  #start(message: Fields): string {
    const known = {
      id: textOf(message['id']),
      object: 'chat.completion.chunk',
      created: this.#createdS,
      model: textOf(message['model']),
    }
    this.#head = `${JSON.stringify(known).slice(0, -1)},`
    this.#usage = laterUsage(this.#usage, fieldsOf(message['usage']))
    return this.#chunk({ role: 'assistant', content: '' })
  }

  #openBlock(block: Fields): string {
    const { type, text, id, name, input } = block
    if (type === 'text') return textOf(text) === '' ? '' : this.#chunk({ content: text })
    // A redacted thought comes whole; of others this is the empty start.
    if (isThought(type)) return textOf(block['data']) && this.#chunk({ thinking_blocks: [block] })
    if (type !== 'tool_use') return ''
    const whole = Object.keys(fieldsOf(input)).length > 0 ? JSON.stringify(input) : ''
    this.#isToolOpen = true
    this.#hasArguments = whole !== ''
    const called = { name: textOf(name), arguments: whole }
    const index = this.#toolCalls++
    return this.#chunk({ tool_calls: [{ index, id, type: 'function', function: called }] })
  }

  #addToBlock(delta: Fields): string {
    const { type, text, partial_json: json, thinking, signature } = delta
    if (type === 'text_delta') return this.#chunk({ content: textOf(text) })
    if (type === 'input_json_delta') return this.#isToolOpen ? this.#addArguments(textOf(json)) : ''
    if (type === 'thinking_delta') return this.#think({ thinking: textOf(thinking) })
    if (type === 'signature_delta') return this.#think({ thinking: '', signature })
    return ''
  }

  /** Pieces of a thought, as LiteLLM's clients put them together again. */
  #think(piece: { readonly thinking: string; readonly signature?: unknown }): string {
    const thoughts = { thinking_blocks: [{ type: 'thinking', ...piece }] }
    const { thinking } = piece
    return this.#chunk(thinking === '' ? thoughts : { reasoning_content: thinking, ...thoughts })
  }

  #addArguments(json: string): string {
    if (json === '') return ''
    this.#hasArguments = true
    const index = this.#toolCalls - 1
    return this.#chunk({ tool_calls: [{ index, function: { arguments: json } }] })
  }

  #closeBlock(): string {
    // A tool without parameters: clients parse what was said, and nothing is no JSON.
    const isSilent = this.#isToolOpen && !this.#hasArguments
    const rest = isSilent ? this.#addArguments('{}') : ''
    this.#isToolOpen = false
    return rest
  }

  #takeFinish({ stop_reason: reason }: Fields): string {
    if (typeof reason === 'string') this.#finish = finishReason(reason)
    return ''
  }

  #end(): string {
    this.isOver = true
    const usage = toOpenAiUsage(this.#usage)
    const report = usage
      ? `data: ${this.#head}"choices":[],"usage":${JSON.stringify(usage)}}\n\n`
      : ''
    return `${this.#chunk({}, this.#finish ?? 'stop')}${report}data: [DONE]\n\n`
  }

  #fail(event: Fields): string {
    this.isOver = true
    const told = { type: 'api_error', message: 'The provider broke off the stream.' }
    const error = toOpenAiError(event) ?? toOpenAiError({ type: 'error', error: told })
    return `data: ${JSON.stringify(error)}\n\n`
  }

  #chunk(delta: Fields, finish: string | null = null): string {
    const choice = `{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":${JSON.stringify(finish)}}`
    return `data: ${this.#head}"choices":[${choice}]}\n\n`
  }
}
