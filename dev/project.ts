import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT_DIR = fileURLToPath(new URL('..', import.meta.url))

export function binary(name: string): string {
  return join(PROJECT_DIR, 'node_modules/.bin', name)
}

/** This process's environment, with the Node that runs us first: wrangler needs a recent one. */
export function toolEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), process.env['PATH']].filter(Boolean).join(delimiter)
  return { ...process.env, WRANGLER_SEND_METRICS: 'false', ...extra, PATH: path }
}
