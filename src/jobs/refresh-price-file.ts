import type { Config } from '../config/config.ts'
import { sha256Hex } from '../ids.ts'
import { describe, log } from '../log.ts'
import { refreshProblem } from '../pricing/file/compare.ts'
import { readPriceFile, trimmed } from '../pricing/file/price-file.ts'
import type { StoredFile, StoreState } from '../pricing/file/price-store.ts'

const REFRESH_EVERY_MS = 3_600_000
/** A place that is down, or a file that is refused, is asked again sooner. */
const RETRY_EVERY_MS = 600_000
const FETCH_TIMEOUT_MS = 30_000
const FILE_MAX_BYTES = 16 * 1024 * 1024

export interface PriceFileDeps {
  readonly config: Pick<Config, 'deployments' | 'settings'>
  readonly store: {
    readonly state: () => Promise<StoreState | null>
    readonly read: (url: string, knownVersion: string | null) => Promise<StoredFile | null>
    readonly write: (state: StoreState, text: string) => Promise<void>
    readonly postpone: (url: string, nextMs: number) => Promise<void>
  }
  readonly fetch: typeof fetch
}

/** Takes the operator's price file over if it is due and nothing speaks against it. */
export async function refreshPriceFile(deps: PriceFileDeps, nowMs: number): Promise<void> {
  const { config, store } = deps
  const { priceFileUrl: url, priceFileAcceptChanges: acceptsAll } = config.settings
  if (url === null) return
  const state = await store.state()
  if (state?.url === url && nowMs < state.nextMs) return
  try {
    const text = trimmed(await download(deps.fetch, url))
    const after = readPriceFile(text)
    const stored = await store.read(url, null)
    const before = stored && readPriceFile(stored.text)
    const used = config.deployments.map(({ provider, model, baseModel }) => {
      return { provider, model: baseModel ?? model }
    })
    const problem = acceptsAll ? null : refreshProblem({ before, after, used, nowMs })
    if (problem !== null) throw new Error(problem)
    const version = (await sha256Hex(text)).slice(0, 16)
    if (stored?.version !== version)
      log('info', 'price_file_taken', { models: after.size, version })
    await store.write({ url, version, nextMs: nowMs + REFRESH_EVERY_MS }, text)
  } catch (error) {
    log('error', 'price_file_refused', { url, error: describe(error) })
    await store.postpone(url, nowMs + RETRY_EVERY_MS)
  }
}

async function download(get: typeof fetch, url: string): Promise<string> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS)
  const response = await get(url, { redirect: 'manual', signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`its place answered ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > FILE_MAX_BYTES) throw new Error(`it is larger than ${FILE_MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return new Blob(chunks).text()
}
