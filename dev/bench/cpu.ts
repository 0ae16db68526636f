import { readFileSync } from 'node:fs'

/** The kernel counts in these, whatever its own clock does. */
const TICK_MS = 10

/** What a process has used so far, all threads, itself and in the kernel; null but on Linux. */
export function cpuMsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return null
  }
}
