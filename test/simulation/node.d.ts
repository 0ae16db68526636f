// The simulation runs in Node, the code in it on Workers: the few things of Node that it needs.
declare module 'node:sqlite' {
  type Value = string | number | null
  interface StatementSync {
    all(...values: Value[]): Record<string, Value>[]
  }
  export class DatabaseSync {
    constructor(path: string)
    exec(sql: string): void
    prepare(sql: string): StatementSync
    close(): void
  }
}

declare module 'node:child_process' {
  export function execFileSync(
    file: string,
    args: readonly string[],
    options: { readonly encoding: 'utf8' },
  ): string
}

declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, act: () => R): R
    getStore(): T | undefined
  }
}
