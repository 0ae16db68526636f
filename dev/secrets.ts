/** Which secrets a deployment needs, and which values are refused. Nothing here talks to anyone. */
export const SECRETS = ['DATABASE_URL', 'LITELLM_MASTER_KEY'] as const
export type Secret = (typeof SECRETS)[number]
export type Secrets = Partial<Record<Secret, string>>

export interface SecretPlan {
  /** What the shell holds and the deployment can use. */
  known: Secrets
  /** What is needed and has to be asked for. */
  missing: Secret[]
  /** What the Worker does not have yet. */
  toSet: Secret[]
}

/** The migrations need DATABASE_URL even where the Worker has it: a secret can't be read back. */
export function planSecrets(
  shell: Readonly<Record<string, string | undefined>>,
  inWorker: readonly string[],
): SecretPlan {
  const toSet = SECRETS.filter((name) => !inWorker.includes(name))
  const needed = SECRETS.filter((name) => name === 'DATABASE_URL' || toSet.includes(name))
  const known = Object.fromEntries(
    needed.flatMap((name) => (shell[name] ? [[name, shell[name]]] : [])),
  )
  return { known, missing: needed.filter((name) => !(name in known)), toSet }
}

/** Says why a value can't be used; undefined if it can. */
export function secretProblem(name: Secret, value: string): string | undefined {
  if (name === 'DATABASE_URL') return databaseProblem(value)
  if (value === 'sk-1234') return 'LITELLM_MASTER_KEY: sk-1234 is public, choose another key'
  return value.startsWith('sk-') ? undefined : 'LITELLM_MASTER_KEY must start with sk-'
}

function databaseProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'DATABASE_URL is not a URL'
  const { protocol, hostname } = new URL(value)
  if (!/^postgres(ql)?:$/.test(protocol)) return 'DATABASE_URL must start with postgres://'
  const local = hostname === 'localhost' || hostname.startsWith('127.') || hostname === '[::1]'
  return local ? `DATABASE_URL: a deployed Worker can't reach ${hostname}` : undefined
}
