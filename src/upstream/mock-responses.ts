export interface MockResponsesRequest {
  readonly model: string
  readonly text: string
  readonly stream: boolean
  readonly nowMs: number
}

/** What `mock_response` answers in the format of the Responses API. */
export function mockResponses(request: MockResponsesRequest, counts: readonly [number, number]) {
  const item = { id: `msg_${hexId()}`, type: 'message', role: 'assistant' }
  const part = { type: 'output_text', text: request.text, annotations: [], logprobs: [] }
  const head = responseOf(request)
  const done = { ...item, status: 'completed', content: [part] }
  const [input, output] = counts
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  }
  const completed = { ...head, status: 'completed', output: [done], usage }
  if (!request.stream) return Response.json(completed)
  const at = { item_id: item.id, output_index: 0, content_index: 0 }
  const words = request.text.match(/\S+\s*/g) ?? []
  const told: Event[] = [
    { type: 'response.created', response: head },
    { type: 'response.in_progress', response: head },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    },
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...at, text: request.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
    { type: 'response.output_item.done', output_index: 0, item: done },
    { type: 'response.completed', response: completed },
  ]
  return events(told)
}

function responseOf({ model, nowMs }: MockResponsesRequest) {
  return {
    id: `resp_${hexId()}`,
    object: 'response',
    created_at: Math.floor(nowMs / 1_000),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model,
    output: [] as object[],
    parallel_tool_calls: true,
    previous_response_id: null,
    store: false,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: null as object | null,
    metadata: {},
  }
}

type Event = { readonly type: string } & Readonly<Record<string, unknown>>

function events(list: readonly Event[]): Response {
  const text = list.map((event, number) => {
    const data = JSON.stringify({ ...event, sequence_number: number })
    return `event: ${event.type}\ndata: ${data}\n\n`
  })
  return new Response(text.join(''), { headers: { 'content-type': 'text/event-stream' } })
}

function hexId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
