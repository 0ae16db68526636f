import { describe, expect, it } from 'vitest'

const sources = import.meta.glob<string>('../src/**/*.{ts,tsx}', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Folders and files by height; an import never goes up. */
const HEIGHTS: Readonly<Record<string, number>> = {
  worker: 6,
  app: 5,
  deps: 5,
  gateway: 4,
  management: 4,
  metrics: 4,
  jobs: 4,
  openapi: 4,
  health: 4,
  ui: 4,
  http: 3,
  callers: 3,
  auth: 2,
  upstream: 2,
  pricing: 2,
  ledger: 2,
  db: 2,
  config: 2,
  money: 1,
  duration: 1,
  calendar: 1,
  windows: 1,
  errors: 1,
  ids: 1,
  json: 1,
  log: 1,
  within: 1,
}

const ROOMS = new Set(['ui', 'gateway', 'management', 'metrics', 'jobs', 'openapi', 'health'])

interface Arrow {
  readonly from: string
  readonly to: string
}

function arrows(): Arrow[] {
  return Object.entries(sources).flatMap(([path, text]) =>
    [...text.matchAll(/^(?:import|export)[^'"]*?from '([^']+)'|^import '([^']+)'/gms)].map(
      ([, from = '', bare = '']) => ({ from: path.replace('../src/', ''), to: from || bare }),
    ),
  )
}

/** Where an import leads, from src/; null for packages. */
function target({ from, to }: Arrow): string | null {
  if (!to.startsWith('.')) return null
  return new URL(to, `https://x/${from}`).pathname.slice(1)
}

const roomOf = (path: string): string => path.split('/')[0]!.replace(/\.tsx?$/, '')

describe('arrows', () => {
  it('are seen by this test at all', () => {
    expect(arrows().length).toBeGreaterThan(150)
    expect(arrows()).toContainEqual({ from: 'worker.ts', to: './app.ts' })
  })

  it('point down, and every room has its height', () => {
    const wrong = arrows().filter((arrow) => {
      const path = target(arrow)
      if (path === null || path.startsWith('drizzle/') || path === 'config.yaml') return false
      const [from, to] = [roomOf(arrow.from), roomOf(path)]
      return from !== to && !(HEIGHTS[from]! >= HEIGHTS[to]!)
    })
    expect(wrong).toEqual([])
  })

  it('never lead from one room into another', () => {
    const wrong = arrows().filter((arrow) => {
      const [from, to] = [roomOf(arrow.from), roomOf(target(arrow) ?? '')]
      return from !== to && ROOMS.has(from) && ROOMS.has(to)
    })
    expect(wrong).toEqual([])
  })

  it("lead from the ledger's core to leaves only", () => {
    const shell = new Set(['object', 'client', 'reconcile', 'move-key'])
    const wrong = arrows().filter((arrow) => {
      const [folder, file = ''] = arrow.from.split('/')
      if (folder !== 'ledger' || shell.has(file.replace('.ts', ''))) return false
      const path = target(arrow)
      return path === null || !(roomOf(path) === 'ledger' || HEIGHTS[roomOf(path)] === 1)
    })
    expect(wrong).toEqual([])
  })

  it.each([
    ['hono', /^hono/, /^(app|http|callers|health)\.ts$|routes\.ts$|^ui\//],
    ['drizzle', /^drizzle-orm|\/drizzle\//, /^db\//],
    ['the neon driver', /^@neondatabase/, /^db\//],
    [
      'workerd',
      /^cloudflare:/,
      /^worker\.ts$|^(ledger\/object\/ledger|metrics\/hub|auth\/key-directory|pricing\/file\/price-store)\.ts$/,
    ],
  ])('let %s in at its own door only', (_name, library, door) => {
    const users = arrows().filter(({ to }) => library.test(to))
    expect(users.length).toBeGreaterThan(0)
    expect(users.filter(({ from }) => !door.test(from))).toEqual([])
  })
})
