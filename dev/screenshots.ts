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
/** Name, budget in USD, and how many calls of 0.0000035 USD. */
const TEAMS = [
  ['Search', 0.0001, 9],
  ['Support bot', 0.00004, 10],
  ['Research', 0.001, 6],
  ['QA Prod Bot', 0.000000001, 1],
] as const

async function api<T>(path: string, body: object, key = MASTER_KEY): Promise<T> {
  const response = await fetch(URL_BASE + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as T
}

/** Teams that spent something; the last one's id. */
async function populate(): Promise<string> {
  let last = ''
  for (const [name, budget, calls] of TEAMS) {
    const team = { team_alias: name, max_budget: budget, budget_duration: '30d' }
    const { team_id: teamId } = await api<{ team_id: string }>('/team/new', team)
    const asked = { team_id: teamId, key_alias: `${name} app` }
    const { key } = await api<{ key: string }>('/key/generate', asked)
    const body = { model: 'llama3', messages: [{ role: 'user', content: 'hi' }] }
    for (let i = 0; i < calls; i++) await api('/v1/chat/completions', body, key)
    last = teamId
  }
  return last
}

async function take(browser: Browser, scheme: 'light' | 'dark', teamId: string): Promise<void> {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: scheme })
  await page.goto(`${URL_BASE}/ui/sign-in`)
  await page.getByLabel('Key').fill(MASTER_KEY)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const pages = {
    overview: '/ui',
    teams: '/ui/teams',
    team: `/ui/teams/${teamId}`,
    logs: '/ui/logs',
  }
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(URL_BASE + path)
    await page.screenshot({ path: join(OUT, `${name}-${scheme}.png`) })
  }
  await page.close()
}

const teamId = await populate()
// What was spent reaches Postgres, and so the lists, seconds later.
await new Promise((resolve) => setTimeout(resolve, 3_000))
await mkdir(OUT, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
await take(browser, 'light', teamId)
await take(browser, 'dark', teamId)
await browser.close()
