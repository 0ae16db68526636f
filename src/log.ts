/** One line of JSON a fact, so that Workers Logs can index the fields. Never bodies, never keys. */
export function log(
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const line = JSON.stringify({ level, event, ...fields }, (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  if (level === 'error') console.error(line)
  else if (level === 'warn') console.warn(line)
  else console.log(line)
}

/** An error as loggable text; nothing of it goes to callers. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
