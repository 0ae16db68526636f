import { type PublicKey, readJwksUri, readKeys } from './key-set.ts'

export const KEYS_TIMEOUT_MS = 3_000
const BODY_MAX_BYTES = 512 * 1024

/** The keys at an address, or at the one that a discovery document there names. Throws. */
export async function fetchKeys(url: string): Promise<PublicKey[]> {
  const signal = AbortSignal.timeout(KEYS_TIMEOUT_MS)
  const text = await fetchText(url, signal)
  const jwksUri = readJwksUri(text)
  if (jwksUri === null) return readKeys(text)
  if (!isAsSafeAs(url, jwksUri)) throw new Error('the jwks_uri of the document is not encrypted')
  return readKeys(await fetchText(jwksUri, signal))
}

function isAsSafeAs(url: string, other: string): boolean {
  const protocol = URL.parse(other)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && url.startsWith('http:'))
}

/** A redirect would lead where the operator did not point. */
async function fetchText(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    method: 'GET',
    headers: { accept: 'application/json, application/x-pem-file, text/plain' },
    redirect: 'manual',
    signal,
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the address of the keys answered ${response.status}`)
  }
  return readText(response)
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > BODY_MAX_BYTES) throw new Error('the document of the keys is too large')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
