/** Load from this process over loopback: so many connections, each with one request at a time. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { MessageReader } from './message.ts'

const SILENCE_MAX_MS = 10_000

export interface Load {
  port: number
  connections: number
  /** Sent in turn. */
  requests: readonly Buffer[]
  /** What the end of every answer must contain. */
  ending: string
  seconds: number
}

export interface Shot {
  answers: number
  /** Until the last answer was whole. */
  ms: number
  latenciesMs: number[]
}

/** Ends once the time is over and what was sent is answered. Throws at the first wrong answer. */
export async function shoot(load: Load): Promise<Shot> {
  const sockets = await Promise.all(
    Array.from({ length: load.connections }, () => connected(load.port)),
  )
  let sent = 0
  const next = (): Buffer => {
    const request = load.requests[sent++ % load.requests.length]
    if (!request) throw new Error('a load without requests')
    return request
  }
  const latenciesMs: number[] = []
  const startMs = performance.now()
  const endMs = startMs + load.seconds * 1_000
  try {
    await Promise.all(
      sockets.map((socket) => keepAsking(socket, { next, endMs, latenciesMs, ...load })),
    )
  } finally {
    for (const socket of sockets) socket.destroy()
  }
  return { answers: latenciesMs.length, ms: performance.now() - startMs, latenciesMs }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

interface Asking {
  next: () => Buffer
  endMs: number
  latenciesMs: number[]
  ending: string
}

function keepAsking(socket: Socket, { next, endMs, latenciesMs, ending }: Asking): Promise<void> {
  const reader = new MessageReader()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let sentMs = 0
  const ask = (): void => {
    socket.write(next())
    sentMs = performance.now()
  }
  socket.setTimeout(SILENCE_MAX_MS, () => reject(new Error('an answer did not come')))
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('the connection was closed before the answer')))
  socket.on('data', (bytes) => {
    try {
      const answer = reader.push(bytes)
      if (answer === null) return
      latenciesMs.push(performance.now() - sentMs)
      check(answer, ending)
      if (performance.now() < endMs) ask()
      else resolve()
    } catch (error) {
      reject(error)
    }
  })
  ask()
  return promise
}

function check(answer: string, ending: string): void {
  if (answer.startsWith('HTTP/1.1 200 ') && answer.lastIndexOf(ending) >= 0) return
  throw new Error(`not the answer that was expected: ${answer.slice(0, 2_000)}`)
}
