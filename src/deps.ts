import type { AppDeps } from './app.ts'
import { Secret } from './auth/credential.ts'
import { PublicKeys } from './auth/jwt/public-keys.ts'
import { KeyCache } from './auth/key-cache.ts'
import { directoryOf } from './auth/key-directory.ts'
import { LookupLimit } from './auth/lookup-limit.ts'
import type { Config } from './config/config.ts'
import { type AccountRef, openAccount } from './db/accounts.ts'
import { connect } from './db/connect.ts'
import { ledgerClient } from './ledger/client.ts'
import { PriceFileFollower } from './pricing/file/follower.ts'
import { priceStoreOf } from './pricing/file/price-store.ts'

/** Only for `npm start` and tests; a deployed Worker refuses it. */
const EXAMPLE_MASTER_KEY = 'sk-1234'

/** The driver insists on a well-formed one, though nothing is served without a real one. */
const NO_DATABASE_URL = 'postgres://none:none@localhost/none'
const NO_DATABASE = 'Tollgate has no database: set the secret DATABASE_URL.'

interface Settings {
  readonly METRICS_TOKEN?: string
  readonly NEON_FETCH_ENDPOINT?: string
  readonly TOLLGATE_DEV?: string
}

/** Builds what the routes are made of, once per isolate. */
export function makeDeps(
  env: Env & Settings,
  config: Config,
  defer: (work: Promise<unknown>) => void,
): AppDeps {
  const db = connect({ ...env, DATABASE_URL: env.DATABASE_URL || NO_DATABASE_URL })
  const isDev = env.TOLLGATE_DEV === 'true'
  const { access, jwtAuth, priceFileUrl } = config.settings
  const masterKey = config.settings.masterKey ?? ''
  return {
    config,
    db,
    keyCache: new KeyCache(),
    sharedKeys: {
      get: async (hash) => directoryOf(env.KEY_DIRECTORY, hash).get(hash),
      put: (record) => directoryOf(env.KEY_DIRECTORY, record.hash).put(record),
      remove: async (hash) => directoryOf(env.KEY_DIRECTORY, hash).remove(hash),
    },
    lookupLimit: new LookupLimit(env.KEY_LOOKUPS ?? null),
    masterKey: new Secret(masterKey),
    accessKeys: access && new PublicKeys(access),
    publicKeys: jwtAuth && new PublicKeys(jwtAuth.keys),
    priceFile:
      priceFileUrl === null
        ? null
        : new PriceFileFollower({
            url: priceFileUrl,
            read: async (url, known) => priceStoreOf(env.PRICE_STORE).read(url, known),
          }),
    isDev,
    hubs: env.METRICS_HUB,
    metricsToken: env.METRICS_TOKEN ? new Secret(env.METRICS_TOKEN) : null,
    refusesToServe: env.DATABASE_URL ? (isDev ? null : masterKeyProblem(masterKey)) : NO_DATABASE,
    ledgerOf: (ref: AccountRef) =>
      ledgerClient({
        rpc: () => env.LEDGER.getByName(`${ref.accountId}:${ref.generation}`),
        loadOpening: () => openAccount(db, ref),
        sleep: (ms) => scheduler.wait(ms),
        defer,
      }),
  }
}

function masterKeyProblem(masterKey: string): string | null {
  if (masterKey === '') return 'Tollgate has no master key: set the secret LITELLM_MASTER_KEY.'
  if (masterKey !== EXAMPLE_MASTER_KEY) return null
  return 'Tollgate will not serve with the example master key: set LITELLM_MASTER_KEY to a secret.'
}
