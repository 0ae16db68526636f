import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Someone else holds the folder; `message` is fit for a terminal. */
export class FolderInUse extends Error {
  override name = 'FolderInUse'
}

/**
 * Takes `folder` for this process alone. SQLite's file lock belongs to the process, so the kernel
 * gives it back however the process ends, and a left-over lock file never blocks the next start.
 */
export function lockFolder(folder: string): { release: () => void } {
  mkdirSync(dirname(folder), { recursive: true })
  const lock = new DatabaseSync(`${folder}.lock`, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    const pid = holder(folder)
    throw new FolderInUse(`${folder} is in use by ${pid ? `process ${pid}` : 'another process'}`, {
      cause,
    })
  }
  writeFileSync(`${folder}.pid`, String(process.pid))
  return { release: () => lock.close() }
}

function holder(folder: string): string | undefined {
  try {
    return readFileSync(`${folder}.pid`, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
