// Pictures for docs/screenshots: node dev/screenshots.ts, beside a running `npm start`.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { PROJECT_DIR } from './project.ts'

const URL_BASE = process.env['TOLLGATE_URL'] ?? 'http://127.0.0.1:4000'
const MASTER_KEY = process.env['LITELLM_MASTER_KEY'] ?? 'sk-1234'
const OUT = join(PROJECT_DIR, 'docs/screenshots')
const SIZE = { width: 1_100, height: 720 }
/** Name, budget in USD, and how many calls of 0.0000035 USD are tried. */
const TEAMS = [
  ['Search', 0.0001, 9],
  ['Research', 0.001, 16],
  ['QA Prod Bot', 0.000000001, 4],
  ['Support bot', 0.00004, 10],
] as const
/** The one whose page is shown. */
const SHOWN = 'Support bot'

async function api<T>(path: string, body: object, key = MASTER_KEY): Promise<T> {
  const response = await fetch(URL_BASE + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as T
}

interface Shown {
  readonly teamId: string
  readonly hash: string
}

/** Teams that spent something; the one that is shown. */
async function populate(): Promise<Shown> {
  let shown: Shown | null = null
  for (const [name, budget, calls] of TEAMS) {
    const { team_id: teamId } = await api<{ team_id: string }>('/team/new', {
      team_alias: name,
      max_budget: budget,
      budget_duration: '30d',
      budget_limits: [{ budget_duration: '1d', max_budget: budget / 2 }],
      budget_enforcement: name === SHOWN ? 'observe' : 'headroom',
      members_with_roles: [{ role: 'user', user_id: 'ada@example.com' }],
      rpm_limit: 600,
    })
    const asked = { team_id: teamId, key_alias: `${name} app ${teamId.slice(0, 4)}` }
    const { key, token } = await api<{ key: string; token: string }>('/key/generate', asked)
    const body = { model: 'llama3', messages: [{ role: 'user', content: 'hi' }] }
    for (let i = 0; i < calls; i++) await api('/v1/chat/completions', body, key)
    if (name === SHOWN) shown = { teamId, hash: token }
  }
  if (!shown) throw new Error(`${SHOWN} is none of the teams`)
  return shown
}

async function take(browser: Browser, scheme: 'light' | 'dark', { teamId, hash }: Shown) {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: scheme })
  const shoot = (name: string) => page.screenshot({ path: join(OUT, `${name}-${scheme}.png`) })
  await page.goto(`${URL_BASE}/ui/sign-in`)
  await page.getByLabel('Key').fill(MASTER_KEY)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  const pages = {
    overview: '/ui',
    teams: '/ui/teams',
    team: `/ui/teams/${teamId}`,
    settings: `/ui/teams/${teamId}/settings`,
    logs: '/ui/logs',
  }
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(URL_BASE + path)
    await shoot(name)
  }
  await page.goto(`${URL_BASE}/ui/test-key?hash=${hash}`)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('#facts a').waitFor()
  await shoot('test-key')
  await page.close()
}

const shown = await populate()
// What was spent reaches Postgres, and so the lists, seconds later; what was refused, a bit later.
await new Promise((resolve) => setTimeout(resolve, 8_000))
await mkdir(OUT, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
await take(browser, 'light', shown)
await take(browser, 'dark', shown)
await browser.close()
