import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { PROJECT_DIR } from './project.ts'

/** What the README names beside the variables of config.yaml. */
const DOCUMENTED = [
  'LITELLM_MASTER_KEY',
  'DATABASE_URL',
  'METRICS_TOKEN',
  'EXPERIMENTAL_MULTI_INSTANCE_RATE_LIMITING',
  'JWT_PUBLIC_KEY_URL',
  'JWT_AUDIENCE',
  'JWT_ISSUER',
  'CF_ACCESS_TEAM_DOMAIN',
  'CF_ACCESS_AUD',
]

export type Variables = Record<string, string>

/** The shell wins over `.dev.vars`. An empty variable counts as not set. */
export function workerVariables(
  shell: Readonly<Record<string, string | undefined>>,
  devVars: Variables,
  namesInConfig: string[],
): Variables {
  const fromShell = [...DOCUMENTED, ...namesInConfig].flatMap((name) => {
    const value = shell[name]
    return value ? [[name, value] as const] : []
  })
  return { ...devVars, ...Object.fromEntries(fromShell) }
}

export async function readDevVars(): Promise<Variables> {
  try {
    const parsed = parseEnv(await readFile(join(PROJECT_DIR, '.dev.vars'), 'utf8'))
    return Object.fromEntries(Object.entries(parsed).flatMap(([k, v]) => (v ? [[k, v]] : [])))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
