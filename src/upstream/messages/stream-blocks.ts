import type { RawObject } from '../usage.ts'

export type Event = Readonly<Record<string, unknown>>

interface Block {
  readonly kind: 'text' | 'thinking' | 'tool'
  /** Of a tool: its place among the calls, and what the provider calls it. */
  readonly place: unknown
  id: string
  name: string
  /** All that it said, sent or not. */
  text: string
  /** What of it waits for the blocks before it. */
  waiting: string
}

/** A provider that goes on with a call that was complete: nobody could tell its arguments any more. */
export class BrokenToolCall extends Error {}

/**
 * A message's blocks, one after another as Anthropic streams them: a chat may mix them. A call is
 * complete when its arguments are JSON; what comes before that of other blocks waits.
 */
export class StreamBlocks {
  readonly #queue: Block[] = []
  readonly #closed = new Map<unknown, string>()
  #index = -1
  #calledTools = false

  get calledTools(): boolean {
    return this.#calledTools
  }

  say(kind: 'text' | 'thinking', text: string): Event[] {
    const last = this.#queue.at(-1)
    const isSame = last?.kind === kind
    const block = isSame ? last : { kind, place: null, id: '', name: '', text: '', waiting: '' }
    return this.#add(block, { text, isNew: !isSame })
  }

  call(fragment: ToolFragment): Event[] {
    this.#calledTools = true
    const { place, id, name, text } = fragment
    const known = this.#queue.findLast((block) => block.kind === 'tool' && block.place === place)
    // Some providers give every call the same place, and tell them apart by their ids.
    const isSame = known !== undefined && (id === '' || known.id === id || name === '')
    if (isSame) return this.#add(known, { text, isNew: false })
    const closedId = this.#closed.get(place)
    if (closedId !== undefined && (id === '' || id === closedId)) {
      if (text.trim() === '') return []
      throw new BrokenToolCall('went on with a call that was complete')
    }
    const block: Block = {
      kind: 'tool',
      place,
      id: id || `toolu_${crypto.randomUUID()}`,
      name,
      text: '',
      waiting: '',
    }
    return this.#add(block, { text, isNew: true })
  }

  end(): Event[] {
    const events: Event[] = []
    while (this.#queue.length > 0) events.push(...this.#closeFirst())
    return events
  }

  #add(block: Block, { text, isNew }: { readonly text: string; readonly isNew: boolean }): Event[] {
    block.text += text
    block.waiting += text
    const events: Event[] = []
    if (isNew) {
      this.#queue.push(block)
      if (this.#queue.length === 1) events.push(this.#start(block))
    }
    while (this.#queue.length > 1 && isComplete(this.#queue[0]!)) events.push(...this.#closeFirst())
    return [...events, ...this.#flush()]
  }

  #closeFirst(): Event[] {
    const events = this.#flush()
    const block = this.#queue.shift()
    if (block?.kind === 'tool') this.#closed.set(block.place, block.id)
    events.push({ type: 'content_block_stop', index: this.#index })
    const [next] = this.#queue
    if (next) events.push(this.#start(next))
    return events
  }

  #start({ kind, id, name }: Block): Event {
    const blocks = {
      text: { type: 'text', text: '' },
      thinking: { type: 'thinking', thinking: '', signature: '' },
      tool: { type: 'tool_use', id, name, input: {} },
    }
    return { type: 'content_block_start', index: ++this.#index, content_block: blocks[kind] }
  }

  #flush(): Event[] {
    const [block] = this.#queue
    if (!block || block.waiting === '') return []
    const said = block.waiting
    block.waiting = ''
    const deltas: Record<Block['kind'], RawObject> = {
      text: { type: 'text_delta', text: said },
      thinking: { type: 'thinking_delta', thinking: said },
      tool: { type: 'input_json_delta', partial_json: said },
    }
    return [{ type: 'content_block_delta', index: this.#index, delta: deltas[block.kind] }]
  }
}

export interface ToolFragment {
  readonly place: unknown
  readonly id: string
  readonly name: string
  readonly text: string
}

function isComplete({ kind, text }: Block): boolean {
  if (kind !== 'tool') return true
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
