import { DurableObject } from 'cloudflare:workers'

/** A row may have 2 MB; a character has 3 bytes at most. */
const PART_CHARS = 500_000

export interface StoredFile {
  readonly version: string
  readonly text: string
}

export interface StoreState {
  readonly url: string
  /** Null: none was taken over from there yet. */
  readonly version: string | null
  /** When to ask again. */
  readonly nextMs: number
}

/** The operator's price file as it was last taken over, for all isolates. */
export class PriceStore extends DurableObject<Env> {
  #sql: SqlStorage

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS state (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      url TEXT NOT NULL,
      version TEXT,
      next_ms INTEGER NOT NULL
    ) STRICT`)
    this.#sql.exec('CREATE TABLE IF NOT EXISTS part (id INTEGER PRIMARY KEY, text TEXT) STRICT')
  }

  state(): StoreState | null {
    const query = 'SELECT url, version, next_ms AS nextMs FROM state'
    const [row] = this.#sql
      .exec<{ url: string; version: string | null; nextMs: number }>(query)
      .toArray()
    return row ?? null
  }

  /** The file, unless it is the one that the caller has; null also if there is none. */
  read(url: string, knownVersion: string | null): StoredFile | null {
    const state = this.state()
    if (!state?.version || state.url !== url || state.version === knownVersion) return null
    const parts = this.#sql.exec<{ text: string }>('SELECT text FROM part ORDER BY id').toArray()
    return { version: state.version, text: parts.map(({ text }) => text).join('') }
  }

  /** Takes a file over, all of it or nothing. */
  write(state: StoreState, text: string): void {
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec('DELETE FROM part')
      for (let at = 0, id = 0; at < text.length; at += PART_CHARS, id++) {
        const part = text.slice(at, at + PART_CHARS)
        this.#sql.exec('INSERT INTO part (id, text) VALUES (?, ?)', id, part)
      }
      this.#note(state)
    })
  }

  /** Keeps the file, and says when to ask again. */
  postpone(url: string, nextMs: number): void {
    const state = this.state()
    const version = state?.url === url ? state.version : null
    this.#note({ url, version, nextMs })
  }

  #note({ url, version, nextMs }: StoreState): void {
    const query = 'INSERT OR REPLACE INTO state (id, url, version, next_ms) VALUES (1, ?, ?, ?)'
    this.#sql.exec(query, url, version, nextMs)
  }
}

export function priceStoreOf(namespace: Env['PRICE_STORE']) {
  return namespace.getByName('prices')
}
