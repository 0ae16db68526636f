import { MASTER_KEY } from './stage.ts'
import { MODEL, PATH } from './workload.ts'

/** Nobody is refused, and every limit is looked at. */
const LIMITS = { max_budget: 1_000_000, rpm_limit: 100_000_000, tpm_limit: 100_000_000_000 }

const AT_ONCE = 10

/** The keys of so many new teams, each with budgets and rate limits, and its ledger opened. */
export async function newTenants(gatewayUrl: string, teams: number): Promise<string[]> {
  const keys: string[] = []
  while (keys.length < teams) {
    const some = Array.from({ length: Math.min(AT_ONCE, teams - keys.length) })
    keys.push(...(await Promise.all(some.map(() => newTenant(gatewayUrl)))))
  }
  return keys
}

async function newTenant(gatewayUrl: string): Promise<string> {
  const limits = { budget_duration: '1d', ...LIMITS }
  const { team_id } = await post(gatewayUrl + '/team/new', { body: limits })
  const { key } = await post(gatewayUrl + '/key/generate', { body: { team_id, ...LIMITS } })
  const messages = [{ role: 'user', content: 'hi' }]
  await post(gatewayUrl + PATH, { key: String(key), body: { model: MODEL, messages } })
  return String(key)
}

async function post(
  url: string,
  { key = MASTER_KEY, body }: { key?: string; body: unknown },
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}
