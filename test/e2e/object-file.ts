/** A ledger's SQLite file on workerd's disk: to be opened while the object sleeps or is dead. */
import { readdirSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const FOLDER = 'objects/tollgate-Ledger'
const NS_PER_MS = 1_000_000n
/** Where workerd keeps an object's alarm: this row of its own file, and a table of the namespace. */
const ALARM_KEY = 1

/** Does something with the file of an account's ledger, as it stands. */
export function withLedger<T>(
  stateDir: string,
  accountId: string,
  act: (db: DatabaseSync) => T,
): T {
  return withFile(ledgerPath(stateDir, accountId), act)
}

/**
 * Makes every hold's deadline pass. A hold lives for three minutes, which no test can wait for; so
 * the clock's part is played on disk. Returns how many there were.
 */
export function passDeadlines(stateDir: string, accountId: string): number {
  return withLedger(stateDir, accountId, (db) => {
    const query = "UPDATE entry SET deadline_ms = 1 WHERE state = 'held'"
    return Number(db.prepare(query).run().changes)
  })
}

/** What was delivered so far was delivered two minutes ago: the next alarm folds it away. */
export function ageDeliveries(stateDir: string, accountId: string): void {
  withLedger(stateDir, accountId, (db) => {
    db.exec('UPDATE delivered SET delivered_ms = delivered_ms - 120000 WHERE folded = 0')
  })
}

/** The ledger's alarm is due now: it rings as soon as workerd runs. For a workerd that is dead. */
export function ringAlarm(stateDir: string, accountId: string): void {
  const path = ledgerPath(stateDir, accountId)
  const dueNs = BigInt(Date.now()) * NS_PER_MS
  withFile(path, (db) => {
    const query = 'INSERT OR REPLACE INTO _cf_METADATA (key, value) VALUES (?, ?)'
    db.prepare(query).run(ALARM_KEY, dueNs)
  })
  withFile(join(stateDir, FOLDER, 'metadata.sqlite'), (db) => {
    const query = 'UPDATE _cf_ALARM SET scheduled_time = ? WHERE actor_id = ?'
    const { changes } = db.prepare(query).run(dueNs, basename(path, '.sqlite'))
    if (changes === 0) throw new Error(`${accountId} has no alarm`)
  })
}

/** Whether workerd has the ledger in memory; an idle one is evicted after ten seconds. */
export function isAwake(stateDir: string, accountId: string, pid: number): boolean {
  const path = ledgerPath(stateDir, accountId)
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).some((fd) => {
    try {
      return readlinkSync(join(folder, fd)) === path
    } catch {
      return false
    }
  })
}

function ledgerPath(stateDir: string, accountId: string): string {
  const folder = join(stateDir, FOLDER)
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite')
    .map((name) => join(folder, name))
  const path = paths.find((file) => withFile(file, accountOf) === accountId)
  if (!path) throw new Error(`no ledger of ${accountId} on disk`)
  return path
}

function withFile<T>(path: string, act: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path, { timeout: 5_000 })
  try {
    return act(db)
  } finally {
    db.close()
  }
}

/** Whose ledger it is; null if it died before it was opened. */
function accountOf(db: DatabaseSync): unknown {
  const tables = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'")
  if (!tables.get()) return null
  const query = "SELECT value ->> '$.account.id' AS id FROM meta WHERE name = 'opening'"
  return db.prepare(query).get()?.['id'] ?? null
}
