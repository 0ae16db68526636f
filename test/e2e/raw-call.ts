/** A client on a bare socket, which can leave at any moment, or stay and not read. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { HI } from './gateway.ts'

export interface RawCall {
  /** What came so far, headers and chunk sizes included. */
  seen: () => string
  /** Resolves once that contains this text. */
  until: (text: string) => Promise<void>
  stopReading: () => void
  /** Leaves with a TCP reset. */
  reset: () => void
  /** Leaves politely, with a FIN. */
  end: () => void
}

export async function rawChat(
  url: string,
  key: string,
  body: Record<string, unknown>,
): Promise<RawCall> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  const content = JSON.stringify({ messages: HI, ...body })
  socket.write(
    [
      'POST /v1/chat/completions HTTP/1.1',
      `host: ${hostname}:${port}`,
      `authorization: Bearer ${key}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(content)}`,
      '',
      content,
    ].join('\r\n'),
  )
  return reading(socket)
}

function reading(socket: Socket): RawCall {
  let seen = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')))
  return {
    seen: () => seen,
    until: async (text) => {
      while (!seen.includes(text)) {
        if (socket.destroyed) throw new Error(`closed before ${text}: ${seen}`)
        await Promise.race([once(socket, 'data'), once(socket, 'close')])
      }
    },
    stopReading: () => socket.pause(),
    reset: () => socket.resetAndDestroy(),
    end: () => socket.end(),
  }
}
