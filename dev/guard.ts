/**
 * Runs a command that must not outlive whoever started it: `node guard.ts command args…`, in a
 * process group of its own. When our standard input ends, by `end()` or because the process at its
 * other side was killed, the whole group is ended.
 */
import { spawn } from 'node:child_process'

const GRACE_MS = 4_000
const [command = '', ...args] = process.argv.slice(2)

const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
child.once('error', () => process.exit(127))
child.once('exit', (code) => {
  // What the command itself started would keep its port.
  process.once('SIGTERM', () => process.exit(code ?? 1))
  process.kill(-process.pid, 'SIGTERM')
})

process.on('SIGTERM', () => undefined)
process.stdin.resume().once('close', () => {
  process.kill(-process.pid, 'SIGTERM')
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), GRACE_MS).unref()
})
