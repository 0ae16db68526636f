import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

const SETUP_TIMEOUT_MS = 60_000

/** What runs a job over every row of a Postgres has that Postgres for itself, a file at a time. */
const OVER_ALL_ROWS = [
  'test/jobs/**/*.test.ts',
  'test/db/contract*.test.ts',
  'test/management/calendar.test.ts',
  'test/management/tell.test.ts',
  'test/management/binding/owners.test.ts',
  'test/management/budget/budget.test.ts',
  'test/management/key/move.test.ts',
]

function insideWorkerd({
  groupOrder,
  ...files
}: {
  readonly name: string
  readonly include: string[]
  readonly exclude?: string[]
  readonly maxWorkers: number
  readonly groupOrder: number
}): TestProjectConfiguration {
  return {
    plugins: [
      cloudflareTest(({ inject }) => ({
        wrangler: { configPath: './wrangler.toml' },
        miniflare: {
          bindings: {
            DATABASE_URL: 'postgres://tollgate:tollgate@localhost/tollgate',
            LITELLM_MASTER_KEY: 'sk-1234',
            NEON_FETCH_ENDPOINT: inject('neonEndpoint'),
            TOLLGATE_DEV: 'true',
          },
        },
      })),
    ],
    test: {
      ...files,
      sequence: { groupOrder },
      globalSetup: ['./test/setup/postgres.ts'],
      provide: { isLong: process.env['TOLLGATE_LONG'] === '1' },
      // A file's first request starts a Worker, which is slow on a busy machine.
      testTimeout: 30_000,
      // A Worker for each file would take as long as the tests.
      isolate: false,
    },
  }
}

/**
 * Three kinds: `worker` and `jobs` run inside workerd, `simulation` in Node under virtual time,
 * `e2e` talks HTTP to the production bundle.
 */
export default defineConfig({
  test: {
    projects: [
      insideWorkerd({
        name: 'worker',
        include: ['test/**/*.test.ts'],
        exclude: ['test/e2e/**', 'test/simulation/**', ...OVER_ALL_ROWS],
        // One more than the cores that there are at least: the one Postgres is waited for.
        maxWorkers: 3,
        groupOrder: 0,
      }),
      insideWorkerd({ name: 'jobs', include: OVER_ALL_ROWS, maxWorkers: 1, groupOrder: 1 }),
      {
        resolve: {
          alias: {
            'cloudflare:workers': fileURLToPath(
              new URL('test/simulation/cloudflare-workers.ts', import.meta.url),
            ),
          },
        },
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['./test/setup/postgres.ts', './test/e2e/setup.ts'],
          // These wait more than they compute: three keep two cores busy, and need a turn of their own.
          maxWorkers: 3,
          isolate: false,
          sequence: { groupOrder: 2 },
          maxConcurrency: 20,
          testTimeout: SETUP_TIMEOUT_MS,
          hookTimeout: SETUP_TIMEOUT_MS,
        },
      },
    ],
  },
})
