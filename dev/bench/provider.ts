/** A thread that answers as a model would, with bytes made beforehand: no bottleneck. */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { MessageReader } from './message.ts'
import { STREAM_EVENTS, USAGE } from './workload.ts'

const USAGE_JSON = {
  prompt_tokens: USAGE.promptTokens,
  completion_tokens: USAGE.completionTokens,
  total_tokens: USAGE.promptTokens + USAGE.completionTokens,
}
const ANSWER = { id: 'chatcmpl-bench', created: 1_700_000_000, model: 'bench' }

const WHOLE = wholeAnswer()
const STREAM = streamedAnswer()

const server = createServer({ noDelay: true }, serve)
server.listen(0, '127.0.0.1', () => {
  parentPort?.postMessage((server.address() as AddressInfo).port, [])
})

function serve(socket: Socket): void {
  const reader = new MessageReader()
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    const request = reader.push(bytes)
    if (request === null) return
    if (!request.includes('"stream":true')) socket.write(WHOLE)
    else for (const part of STREAM) socket.write(part)
  })
}

function wholeAnswer(): Buffer {
  const message = { role: 'assistant', content: 'A budget that holds. '.repeat(8).trim() }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }]
  const body = JSON.stringify({ ...ANSWER, object: 'chat.completion', choices, usage: USAGE_JSON })
  const length = Buffer.byteLength(body)
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
  )
}

/** Each event is a chunk and a write of its own, as it comes from a model. */
function streamedAnswer(): Buffer[] {
  const object = 'chat.completion.chunk'
  const delta = { role: 'assistant', content: 'holds ' }
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: null }]
  const content = JSON.stringify({ ...ANSWER, object, choices })
  const usage = JSON.stringify({ ...ANSWER, object, choices: [], usage: USAGE_JSON })
  const events = [...Array.from({ length: STREAM_EVENTS }, () => content), usage, '[DONE]']
  const chunks = events.map((data) => chunk(`data: ${data}\n\n`))
  const head =
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n' +
    'transfer-encoding: chunked\r\n\r\n'
  return [head, ...chunks, '0\r\n\r\n'].map((text) => Buffer.from(text))
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}
