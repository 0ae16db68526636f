import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const SETUP_TIMEOUT_MS = 60_000

/** Two kinds: `worker` runs inside workerd, `e2e` talks HTTP to the production bundle. */
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
          exclude: ['test/e2e/**'],
          globalSetup: ['./test/setup/postgres.ts'],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['./test/setup/postgres.ts', './test/e2e/setup.ts'],
          // These wait more than they compute. Two at once need a turn of their own.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          maxConcurrency: 20,
          testTimeout: SETUP_TIMEOUT_MS,
          hookTimeout: SETUP_TIMEOUT_MS,
        },
      },
    ],
  },
})
