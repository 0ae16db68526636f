import 'vitest'

/** What the runner hands to tests inside workerd, where there is no process.env. */
declare module 'vitest' {
  interface ProvidedContext {
    neonEndpoint: string
    /** Whether TOLLGATE_LONG is set. */
    isLong: boolean
  }
}
