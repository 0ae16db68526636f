/**
 * Finds where an HTTP/1.1 message ends, for connections that carry one at a time. `node:http` does
 * more, at several times the cost: on two cores the bench would measure its own client.
 */
export class MessageReader {
  #text = ''

  /** The whole message, byte for byte as latin-1, once its last byte is there; else null. */
  push(bytes: Buffer): string | null {
    this.#text += bytes.toString('latin1')
    const end = messageEnd(this.#text)
    if (end === null || end > this.#text.length) return null
    if (end < this.#text.length) throw new Error('bytes follow a message that was not answered yet')
    const message = this.#text
    this.#text = ''
    return message
  }
}

/** Null while nobody can tell. */
function messageEnd(text: string): number | null {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const bodyAt = headEnd + 4
  const head = text.slice(0, headEnd)
  if (/^transfer-encoding: *chunked/im.test(head)) return chunksEnd(text, bodyAt)
  return bodyAt + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
}

function chunksEnd(text: string, bodyAt: number): number | null {
  for (let at = bodyAt; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error('a chunk without a size')
    at = lineEnd + 2 + size + 2
    if (size === 0) return at
  }
}
