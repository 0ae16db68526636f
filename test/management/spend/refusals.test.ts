import { describe, expect, it } from 'vitest'
import { call, MASTER } from '../../setup/worker.ts'
import { ago, TODAY } from './tenant.ts'

describe('what makes no sense is refused:', () => {
  const SPAN = `start_date=${ago(1)}&end_date=${TODAY}`

  it.each([
    ['/spend/logs?start_date=2026-02-30', 400, 'start_date'],
    ['/spend/logs?start_date=yesterday', 400, 'start_date'],
    ['/spend/logs?start_date=2026-02-02&end_date=2026-02-01', 400, 'start_date'],
    ['/spend/logs?start_date=2024-02-02&end_date=2026-02-01', 400, 'end_date'],
    [`/spend/logs?${SPAN}&end_user=x`, 400, 'end_user'],
    ['/spend/logs?limit=1001', 400, 'limit'],
    ['/spend/logs?limit=x', 422, 'limit'],
    ['/spend/logs?cursor=x', 400, 'cursor'],
    ['/spend/logs?summarize=maybe', 422, 'summarize'],
    ['/spend/logs/v2', 400, 'start_date'],
    ['/spend/logs/v2?start_date=2026-02-02', 400, 'end_date'],
    [`/spend/logs/v2?${SPAN}&page_size=101`, 400, 'page_size'],
    [`/spend/logs/v2?${SPAN}&page=0`, 400, 'page'],
    [`/spend/logs/v2?${SPAN}&page=x`, 422, 'page'],
    [`/spend/logs/v2?${SPAN}&min_spend=much`, 422, 'min_spend'],
    [`/spend/logs/v2?${SPAN}&status=odd`, 422, 'status'],
    ['/spend/keys?limit=0', 400, 'limit'],
    ['/global/spend/keys?limit=1001', 400, 'limit'],
    ['/global/spend?start_date=x', 400, 'start_date'],
    ['/team/daily/activity', 400, 'start_date'],
    [`/team/daily/activity?${SPAN}&page_size=1001`, 400, 'page_size'],
    ['/user/daily/activity?start_date=2026-01-01', 400, 'end_date'],
    ['/audit/logs?sort_by=secret', 422, 'sort_by'],
    ['/audit/logs?page_size=101', 400, 'page_size'],
  ])('%s', async (path, status, param) => {
    const response = await call('GET', path, { key: MASTER })
    expect(await response.json()).toMatchObject({ error: { param, code: String(status) } })
    expect(response.status).toBe(status)
  })
})
