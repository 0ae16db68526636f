import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import { refreshPriceFile } from '../../src/jobs/refresh-price-file.ts'
import { PriceFileFollower } from '../../src/pricing/file/follower.ts'
import { lookUp, usePriceFile } from '../../src/pricing/resolve.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 10, 24)
const FILE_URL = 'https://prices.example/prices.json'

const models = (input: number, count = 40) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `house-${i}`,
      { litellm_provider: 'openai', input_cost_per_token: input, mode: 'chat' },
    ]),
  )

/** A place for the file, a store, and an isolate that follows it. */
function scene(general: object = {}) {
  const yaml = JSON.stringify({
    model_list: [{ model_name: 'house', litellm_params: { model: 'openai/house-1' } }],
    general_settings: { price_file_url: FILE_URL, ...general },
  })
  const { config, warnings } = parseConfig(yaml, {})
  const stub = env.PRICE_STORE.getByName(crypto.randomUUID())
  const store = {
    state: async () => stub.state(),
    read: async (url: string, known: string | null) => stub.read(url, known),
    write: async (state: Parameters<typeof stub.write>[0], text: string) => stub.write(state, text),
    postpone: async (url: string, nextMs: number) => stub.postpone(url, nextMs),
  }
  const place = { status: 200, body: JSON.stringify(models(1e-6)), asked: 0 }
  const get = async () => {
    place.asked++
    return new Response(place.body, { status: place.status })
  }
  const follower = new PriceFileFollower({ url: FILE_URL, read: store.read })
  return {
    config,
    warnings,
    stub,
    place,
    refresh: (nowMs: number) => refreshPriceFile({ config, store, fetch: get }, nowMs),
    follow: async (nowMs: number) => {
      const later: Promise<unknown>[] = []
      await follower.follow(nowMs, (work) => later.push(work))
      await Promise.all(later)
    },
  }
}

const inputOf = (name: string) => lookUp('openai', name)?.periods[0].rates.input

afterEach(() => usePriceFile(null))

describe('the price file of an operator', () => {
  it('comes into force without a deployment, in every isolate', async () => {
    const { refresh, follow, stub, warnings, config } = scene()
    expect(warnings.filter((warning) => warning.includes('no price'))).toEqual([])
    await follow(NOW)
    expect(config.deployments[0]?.price).toBeNull()
    await refresh(NOW)
    await evictDurableObject(stub)
    await follow(NOW + 31_000)
    expect(config.deployments[0]?.price).toMatchObject({ source: 'file' })
    expect(inputOf('house-1')).toBe(1_000_000n)
  })

  it('is asked for each hour, and followed half a minute later', async () => {
    const { refresh, follow, place } = scene()
    await refresh(NOW)
    await follow(NOW)
    place.body = JSON.stringify(models(2e-6))
    await refresh(NOW + HOUR_MS - 1)
    expect(place.asked).toBe(1)
    await refresh(NOW + HOUR_MS)
    expect(place.asked).toBe(2)
    await follow(NOW + 29_000)
    expect(inputOf('house-1')).toBe(1_000_000n)
    await follow(NOW + 31_000)
    expect(inputOf('house-1')).toBe(2_000_000n)
  })

  it.each([
    ['a used price that went up tenfold', 200, models(1e-5)],
    ['fewer models', 200, models(1e-6, 20)],
    ['a wrong price', 200, { 'house-1': { input_cost_per_token: 'much' } }],
    ['a page of HTML', 200, '<html>'],
    ['a redirect', 302, models(2e-6)],
    ['an error', 500, models(2e-6)],
  ])('stays as it was after %s, and is asked for again soon', async (_what, status, body) => {
    const { refresh, follow, place } = scene()
    await refresh(NOW)
    Object.assign(place, { status, body: typeof body === 'string' ? body : JSON.stringify(body) })
    await refresh(NOW + HOUR_MS)
    await follow(NOW)
    expect(inputOf('house-1')).toBe(1_000_000n)
    await refresh(NOW + HOUR_MS + 599_999)
    expect(place.asked).toBe(2)
    await refresh(NOW + HOUR_MS + 600_000)
    expect(place.asked).toBe(3)
  })

  it('is taken over however it changed, if the operator says so', async () => {
    const { refresh, follow, place } = scene({ price_file_accept_changes: true })
    await refresh(NOW)
    place.body = JSON.stringify(models(1e-5, 20))
    await refresh(NOW + HOUR_MS)
    await follow(NOW)
    expect(inputOf('house-1')).toBe(10_000_000n)
  })

  it('may be larger than a row of the store', async () => {
    const { refresh, follow, place } = scene()
    place.body = JSON.stringify(models(1e-6, 30_000))
    expect(place.body.length).toBeGreaterThan(2_000_000)
    await refresh(NOW)
    await follow(NOW)
    expect(inputOf('house-29999')).toBe(1_000_000n)
  })

  it('of another address is not used', async () => {
    const { refresh, stub } = scene()
    await refresh(NOW)
    expect(await stub.read('https://elsewhere.example/x.json', null)).toBeNull()
    await stub.postpone('https://elsewhere.example/x.json', NOW)
    expect(await stub.read(FILE_URL, null)).toBeNull()
  })

  it('has to be at a public https address', () => {
    expect(() => scene({ price_file_url: 'http://prices.example/x.json' })).toThrow(
      'general_settings.price_file_url',
    )
    expect(() => scene({ price_file_url: 'https://10.0.0.1/x.json' })).toThrow(
      'general_settings.price_file_url',
    )
    expect(() => scene({ price_file_url: 'prices.json' })).toThrow(
      'general_settings.price_file_url',
    )
  })
})
