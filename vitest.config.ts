import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const SETUP_TIMEOUT_MS = 60_000

/**
 * Three kinds: `worker` runs inside workerd, `simulation` in Node under virtual time, `e2e` talks
 * HTTP to the production bundle.
 */
export default defineConfig({
  test: {
    projects: [
      {
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
          name: 'worker',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/simulation/**'],
          globalSetup: ['./test/setup/postgres.ts'],
          provide: { isLong: process.env['TOLLGATE_LONG'] === '1' },
          // A file's first request starts a Worker, which is slow on a busy machine.
          testTimeout: 30_000,
          // A Worker for each file would take as long as the tests.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        resolve: {
          alias: {
            'cloudflare:workers': fileURLToPath(
              new URL('test/simulation/cloudflare-workers.ts', import.meta.url),
            ),
          },
        },
        test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'] },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['./test/setup/postgres.ts', './test/e2e/setup.ts'],
          // These wait more than they compute. Two at once need a turn of their own.
          maxWorkers: 2,
          isolate: false,
          sequence: { groupOrder: 1 },
          maxConcurrency: 20,
          testTimeout: SETUP_TIMEOUT_MS,
          hookTimeout: SETUP_TIMEOUT_MS,
        },
      },
    ],
  },
})
