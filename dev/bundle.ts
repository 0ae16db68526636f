import { spawn } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { basename, extname, join, relative } from 'node:path'
import { binary, PROJECT_DIR, toolEnv } from './project.ts'

export type ModuleKind = 'esModule' | 'text' | 'wasm' | 'data'

export interface BundledModule {
  /** As the other modules import it, relative to the entry. */
  name: string
  path: string
  kind: ModuleKind
}

/** Builds what `wrangler deploy` would upload. The entry comes first in the answer. */
export async function bundle(options: {
  outDir: string
  projectDir?: string
}): Promise<BundledModule[]> {
  // Text modules carry a hash in their name: the last build's would stay beside this one's.
  await rm(options.outDir, { recursive: true, force: true })
  const args = ['deploy', '--dry-run', '--outdir', options.outDir]
  await runWrangler(args, options.projectDir ?? PROJECT_DIR)
  return bundledModules(options.outDir)
}

export async function bundledModules(dir: string): Promise<BundledModule[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const modules = entries
    .filter((entry) => entry.isFile() && entry.name !== 'README.md' && !entry.name.endsWith('.map'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(dir, path), path, kind: kindOf(path) }))
  const isEntry = (module: BundledModule): number => Number(module.kind === 'esModule')
  return modules.toSorted((a, b) => isEntry(b) - isEntry(a))
}

/** Files that wrangler carries beside the code have a hash before their name. */
const CARRIED = /^[0-9a-f]{40}-/

function kindOf(path: string): ModuleKind {
  if (extname(path) === '.js' && CARRIED.test(basename(path))) return 'text'
  const kinds: Record<string, ModuleKind> = { '.js': 'esModule', '.wasm': 'wasm', '.bin': 'data' }
  return kinds[extname(path)] ?? 'text'
}

async function runWrangler(args: string[], cwd: string): Promise<void> {
  const child = spawn(binary('wrangler'), args, {
    cwd,
    env: toolEnv({ CI: 'true' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`wrangler ${args.join(' ')} failed:\n${output}`)
}
