/**
 * The object's tables, by numbered steps. A step that has shipped is never edited: objects that
 * sleep for years run the missing ones when they wake. Totals are TEXT because a number read
 * from SQLite is exact only up to 2^53; an entry's amounts are range-checked below that.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE entry (
     id TEXT NOT NULL,
     revision INTEGER NOT NULL,
     state TEXT NOT NULL,
     reserved_ms INTEGER NOT NULL,
     deadline_ms INTEGER NOT NULL,
     ended_ms INTEGER,
     hold INTEGER NOT NULL,
     seen INTEGER NOT NULL,
     charge INTEGER NOT NULL,
     hold_tokens INTEGER NOT NULL,
     tokens INTEGER NOT NULL,
     scopes TEXT NOT NULL,
     rules TEXT NOT NULL,
     charged TEXT NOT NULL,
     detail TEXT NOT NULL,
     folded INTEGER NOT NULL DEFAULT 0,
     PRIMARY KEY (id, revision)
   ) WITHOUT ROWID, STRICT;
   CREATE TABLE checkpoint (
     scope TEXT NOT NULL,
     budget TEXT NOT NULL,
     start_ms INTEGER NOT NULL,
     spent TEXT NOT NULL,
     PRIMARY KEY (scope, budget)
   ) WITHOUT ROWID, STRICT;
   CREATE TABLE delivered (
     batch INTEGER PRIMARY KEY,
     delivered_ms INTEGER NOT NULL,
     folded INTEGER NOT NULL DEFAULT 0,
     keys TEXT NOT NULL
   ) STRICT;
   CREATE TABLE told (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     version INTEGER NOT NULL,
     told_ms INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (kind, id)
   ) WITHOUT ROWID, STRICT;
   CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;`,
  // Windows whose duration changes go on, so their end has to be known; keys come and go.
  `ALTER TABLE checkpoint ADD COLUMN end_ms INTEGER;
   ALTER TABLE checkpoint ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE balance (
     direction TEXT NOT NULL,
     id TEXT NOT NULL,
     at_ms INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (direction, id)
   ) WITHOUT ROWID, STRICT;`,
  `CREATE TABLE refused (
     day TEXT PRIMARY KEY,
     calls INTEGER NOT NULL,
     told INTEGER NOT NULL DEFAULT 0
   ) WITHOUT ROWID, STRICT;`,
]

/** Brings the tables up to date; newer tables than this code knows are left as they are. */
export function migrateLedger(sql: SqlStorage): void {
  sql.exec('CREATE TABLE IF NOT EXISTS step (number INTEGER PRIMARY KEY) STRICT')
  const { last } = sql
    .exec<{ last: number }>('SELECT coalesce(max(number), 0) AS last FROM step')
    .one()
  for (const [index, step] of STEPS.entries()) {
    if (index < last) continue
    sql.exec(step)
    sql.exec('INSERT INTO step (number) VALUES (?)', index + 1)
  }
}
