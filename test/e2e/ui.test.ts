import axe from 'axe-core'
import type { AxeResults } from 'axe-core'
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MASTER_KEY } from './gateway.ts'
import { mark, startStack } from './harness.ts'
import { isLong } from './long.ts'
import type { Stack } from './harness.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const hasChromium = existsSync(CHROMIUM)
/** Each page in both schemes and at both ends of its widths; the long run mixes them. */
const LOOKS = [
  ['light', 360],
  ['dark', 1_440],
  ...(isLong
    ? ([
        ['light', 1_440],
        ['dark', 360],
      ] as const)
    : []),
] as const

let stack: Stack
let browser: Browser

async function signedIn(context: BrowserContext, key = MASTER_KEY): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${stack.url}/ui`)
  await page.getByLabel('Key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await page.goto(`${stack.url}/ui/teams`)
  return page
}

/** What axe has against the page, by rule and place. */
async function complaintsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>("axe.run({ resultTypes: ['violations'] })")
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id}: ${String(target)}`),
  )
}

// Debian's chromium is not everywhere; .ci/run installs it.
describe.skipIf(!hasChromium)(`the admin pages${hasChromium ? '' : ' (no chromium here)'}`, () => {
  beforeAll(async () => {
    stack = await startStack()
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    })
  })
  afterAll(async () => {
    await browser.close()
    await stack.close()
  })

  it('make a team and a key, and show its budget hold, by clicking alone', async () => {
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
    const problems: string[] = []
    const page = await signedIn(context)
    page.on('console', (message) => {
      // A refused call is what the page is there to show.
      if (message.type() === 'error' && !message.text().includes('400')) {
        problems.push(message.text())
      }
    })
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.getByRole('link', { name: 'Create team' }).click()
    await page.getByLabel('Name').fill('Browser team')
    await page.getByLabel('Budget in USD').fill('0.000000001')
    await page.getByLabel('Period', { exact: true }).fill('1d')
    await page.getByRole('button', { name: 'Create team' }).click()
    await page.getByRole('heading', { name: 'Browser team' }).waitFor()
    const teamUrl = page.url()
    await page.getByRole('link', { name: 'Create key' }).click()
    await page.getByLabel('Name').fill('browser')
    await page.getByRole('button', { name: 'Create key' }).click()
    const key = (await page.locator('#made-key').textContent())?.trim() ?? ''
    expect(key).toMatch(/^sk-/)
    await page.getByRole('button', { name: 'Copy', exact: true }).first().click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key)
    expect(await page.locator('#code-curl').textContent()).toContain(stack.url)
    await page.getByRole('button', { name: 'Test key' }).click()
    expect(await page.getByLabel('Or paste one').inputValue()).toBe(key)
    await page.getByLabel('Model').fill('script/chunks-8')
    const answer = page.locator('#answer')
    const facts = page.locator('#facts')
    await page.getByRole('button', { name: 'Send' }).click()
    await answer.getByText('Grüße 1 2 3').waitFor()
    await facts.getByText('Tokens').waitFor()
    await page.locator('#code-python').getByText('script/chunks-8').waitFor()
    await facts.locator('dd a', { hasText: /^0\.0\d+ USD$/ }).waitFor({ timeout: 8_000 })
    await page.getByRole('button', { name: 'Send' }).click()
    await answer.getByText('Budget has been exceeded!').waitFor()
    await page.getByLabel('Or paste one').fill('')
    await page.getByLabel('Pick a key').selectOption({ label: 'browser' })
    await page.getByRole('button', { name: 'Send' }).click()
    await facts.getByText('400', { exact: true }).waitFor()
    await page.goto(teamUrl)
    await page.locator('.bar-full').first().waitFor()
    await page.locator('.plot canvas').waitFor()
    expect(problems).toEqual([])
    await context.close()
  })

  it.each(LOOKS)(
    'have nothing that axe complains of, nor a line too long (%s, %i px)',
    async (colorScheme, width) => {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
      const { paths } = await furnish(`A rather long name ${colorScheme} ${width}`)
      const page = await signedIn(context)
      for (const path of [...paths, '/ui/sign-in']) {
        await page.goto(stack.url + path)
        expect(await complaintsOf(page), path).toEqual([])
        const widest = await page.evaluate('document.documentElement.scrollWidth')
        expect(widest, path).toBeLessThanOrEqual(width)
      }
      await context.close()
    },
  )

  // What follows waits more than it computes.
  it.concurrent('show what is spent as it is spent, also after the line was cut', async () => {
    const { teamId, key } = await stack.tenant({ max_budget: 1 })
    const context = await browser.newContext()
    const page = await signedIn(context)
    await page.goto(`${stack.url}/ui/teams/${teamId}`)
    const spent = page.locator('#budget .spent').first()
    expect(await spent.textContent()).toBe('$0.00')
    const call = () => stack.chat(key, 'script/usage-1000-1000')
    expect((await call()).status).toBe(200)
    await page.locator('#budget .spent', { hasText: '$0.0000048' }).waitFor({ timeout: 2_500 })
    await context.setOffline(true)
    expect((await call()).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(await spent.textContent()).toBe('$0.0000048')
    await context.setOffline(false)
    await page.locator('#budget .spent', { hasText: '$0.0000096' }).waitFor({ timeout: 8_000 })
    await page.goto(`${stack.url}/ui/logs?team_id=${teamId}`)
    await page.locator('#calls tbody tr').nth(1).waitFor()
    expect((await call()).status).toBe(200)
    // A ledger tells Postgres a second later.
    await page.locator('#calls tbody tr').nth(2).waitFor({ timeout: 3_500 })
    await context.close()
  })

  it.concurrent('say times on the clock of who looks', async () => {
    const { teamId } = await stack.tenant({ max_budget: 1, budget_duration: '1mo' })
    const context = await browser.newContext({ timezoneId: 'Asia/Tokyo' })
    const page = await signedIn(context)
    await page.goto(`${stack.url}/ui/teams/${teamId}`)
    const resets = page.locator('#budget time').first()
    expect(await resets.getAttribute('title')).toMatch(/GMT\+9$/)
    await page.getByText('More for a while').click()
    await page.getByLabel('More, in USD').fill('2')
    await page.getByLabel('Until (on your clock)').fill('2099-07-01T12:00')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.locator('#budget', { hasText: '$3.00' }).waitFor()
    const { team_info: team } = (await stack.http(`/team/info?team_id=${teamId}`)).json
    expect(team).toMatchObject({ temp_budget_expiry: '2099-07-01T03:00:00.000000Z' })
    await context.close()
  })

  it.concurrent('run nothing that somebody wrote into a name', async () => {
    const { paths } = await furnish(EVIL)
    const context = await browser.newContext()
    const page = await signedIn(context)
    for (const path of paths) {
      await page.goto(stack.url + path)
      expect(await page.evaluate('window.wasRun'), path).toBeUndefined()
      expect(await page.locator('img').count(), path).toBe(0)
    }
    await context.close()
  })

  it.concurrent(
    'show a stranger, and a member of another team, nothing, whatever they type',
    async () => {
      const { paths } = await furnish('Not yours')
      const { key: mine } = await stack.tenant()
      const context = await browser.newContext()
      const page = await signedIn(context, mine)
      const strangers = await browser.newContext()
      const stranger = await strangers.newPage()
      expect(await page.getByRole('link', { name: 'Create team' }).count()).toBe(0)
      for (const path of paths) {
        await page.goto(stack.url + path)
        // A search says what it did not find.
        const shown = page.locator('main :is(a, h1, dd, td, th, option)', { hasText: 'Not yours' })
        expect(await shown.count(), path).toBe(0)
        await stranger.goto(stack.url + path)
        expect(new URL(stranger.url()).pathname, path).toBe('/ui/sign-in')
      }
      await Promise.all([context.close(), strangers.close()])
    },
  )
})

const EVIL = `"><img src=x onerror="window.wasRun=1"><script>window.wasRun=1</script>`

/** A team, a key, a user, a budget and a call by these words, and every page there is of them. */
async function furnish(words: string): Promise<{ paths: string[] }> {
  const [userId, budgetId] = ['user', 'budget'].map((kind) => `${kind} ${words} ${mark()}`)
  const post = (path: string, body: Record<string, unknown>) => stack.http(path, { body })
  await post('/user/new', { user_id: userId, user_alias: words, auto_create_key: false })
  await post('/budget/new', { budget_id: budgetId, max_budget: 1 })
  const { team_id } = await stack.newTeam({
    team_alias: words,
    max_budget: 5,
    budget_duration: '30d',
    models: [words, 'script/*'],
    members_with_roles: [{ role: 'user', user_id: userId }],
  })
  const teamId = String(team_id)
  const key = await stack.newKey({
    team_id: teamId,
    user_id: userId,
    budget_id: budgetId,
    key_alias: `${words} ${mark()}`,
  })
  expect((await stack.chat(key, 'script/usage-1-1')).status).toBe(200)
  const [row] = await stack.delivered(teamId, 1)
  const { keys } = (await stack.http(`/team/info?team_id=${teamId}`)).json
  const [{ token } = { token: '' }] = keys as { token: string }[]
  const [user, budget] = [userId, budgetId].map((id) => encodeURIComponent(id ?? ''))
  const paths = [
    '/ui',
    `/ui/teams?search=${encodeURIComponent(words)}`,
    '/ui/teams/new',
    `/ui/teams/${teamId}`,
    `/ui/teams/${teamId}/settings`,
    `/ui/teams/${teamId}/members/${user}`,
    `/ui/keys?team_id=${teamId}`,
    `/ui/keys/new?team_id=${teamId}`,
    `/ui/keys/${token}`,
    `/ui/keys/${token}/settings`,
    `/ui/test-key?hash=${token}`,
    `/ui/logs?team_id=${teamId}`,
    `/ui/logs/${String(row?.['entry_id'])}`,
    '/ui/models',
    '/ui/users',
    '/ui/users/new',
    `/ui/users/${user}`,
    '/ui/budgets',
    '/ui/budgets/new',
    `/ui/budgets/${budget}`,
    '/ui/audit',
    '/ui/nothing-here',
  ]
  return { paths }
}
