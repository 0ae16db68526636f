import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundle } from '../../dev/bundle.ts'

declare module 'vitest' {
  interface ProvidedContext {
    bundleDir: string
  }
}

/** Builds the production bundle once for all end-to-end tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'tollgate-bundle-'))
  await bundle({ outDir: join(dir, 'dist') })
  project.provide('bundleDir', join(dir, 'dist'))
  return () => rm(dir, { recursive: true, force: true })
}
