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

const MESSAGE_MAX_LENGTH = 300
const CAUSES_MAX = 5

/**
 * An error and its causes as loggable text; nothing of it goes to callers. A failed query is named
 * by its cause alone: its own message repeats the statement's values.
 */
export function describe(error: unknown): string {
  const [first, ...causes] = chain(error)
  if (!first) return typeof error === 'string' ? error : 'unknown error'
  const lines = [first, ...causes].map(summary).join(' < ')
  const frames = (first.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [lines, ...frames].join('\n')
}

function chain(error: unknown): Error[] {
  const errors: Error[] = []
  let cause = error
  while (cause instanceof Error && errors.length < CAUSES_MAX) {
    errors.push(cause)
    cause = cause.cause
  }
  return errors
}

function summary(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const message = error.message.startsWith('Failed query') ? 'Failed query' : error.message
  return `${error.name}${code}: ${message.slice(0, MESSAGE_MAX_LENGTH)}`
}
