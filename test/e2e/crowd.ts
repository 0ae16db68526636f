/** Many clients at once, over node:http: a thousand of `fetch` would measure the test itself. */
import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Called {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** When the request was sent, and when the whole answer was there: the decision fell between. */
  sentMs: number
  doneMs: number
}

type Send = (keys: readonly string[], raw: string, count: number) => Promise<Called[]>

export interface Crowd {
  /** Each call once, or again if it was told that nothing was decided. */
  calls: Send
  /** Each call until it is answered, or told that another try would not help. */
  insist: Send
  close: () => void
}

export function startCrowd(url: string, connections: number): Crowd {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const once = async (key: string, raw: string): Promise<Called> => {
    for (;;) {
      const called = await post(`${url}/v1/chat/completions`, { agent, key, raw })
      if (called.status !== 503) return called
      await sleep(Number(called.headers['retry-after']) * 1_000)
    }
  }
  const all =
    (one: typeof once): Send =>
    (keys, raw, count) =>
      Promise.all(Array.from({ length: count }, (_, i) => one(keys[i % keys.length] ?? '', raw)))
  return {
    calls: all(once),
    insist: all((key, raw) => insist(() => once(key, raw))),
    close: () => agent.destroy(),
  }
}

/** `x-should-retry` says whether, `retry-after` when at the earliest; clients are not in step. */
async function insist(send: () => Promise<Called>): Promise<Called> {
  for (;;) {
    const called = await send()
    if (called.headers['x-should-retry'] !== 'true') return called
    await sleep(Number(called.headers['retry-after']) * 1_000 * (1 + 2 * Math.random()))
  }
}

interface Post {
  agent: Agent
  key: string
  raw: string
}

function post(url: string, { agent, key, raw }: Post): Promise<Called> {
  return new Promise((resolve, reject) => {
    let sentMs = 0
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(raw),
    }
    const outgoing = request(url, { agent, method: 'POST', headers }, (incoming) => {
      read(incoming).then(
        (text) =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text,
            sentMs,
            doneMs: performance.now(),
          }),
        reject,
      )
    })
    outgoing.once('error', reject)
    outgoing.once('socket', () => (sentMs = performance.now()))
    outgoing.end(raw)
  })
}

async function read(incoming: IncomingMessage): Promise<string> {
  let text = ''
  incoming.setEncoding('utf8')
  for await (const chunk of incoming) text += chunk
  return text
}
