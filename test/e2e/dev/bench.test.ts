import { describe, expect, inject, it } from 'vitest'
import { measureCore } from '../../../dev/bench/core.ts'
import { quantile } from '../../../dev/bench/figures.ts'
import { measureHttp } from '../../../dev/bench/http.ts'
import { MessageReader } from '../../../dev/bench/message.ts'
import { readOptions } from '../../../dev/bench/options.ts'
import { printed, report, thisMachine } from '../../../dev/bench/report.ts'
import { openStage } from '../../../dev/bench/stage.ts'
import { newTenants } from '../../../dev/bench/tenants.ts'
import { isLong } from '../long.ts'

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const CHUNKS =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n0\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n'
const EMPTY = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

describe("the bench's reader of HTTP", () => {
  it.each([LENGTH, CHUNKS, EMPTY])('finds the end of %j wherever it was cut', (message) => {
    for (let cut = 1; cut < message.length; cut++) {
      const reader = new MessageReader()
      expect(reader.push(Buffer.from(message.slice(0, cut)))).toBeNull()
      expect(reader.push(Buffer.from(message.slice(cut)))).toBe(message)
      expect(reader.push(Buffer.from(message))).toBe(message)
    }
  })

  it('refuses what comes after the end', () => {
    expect(() => new MessageReader().push(Buffer.from(`${LENGTH}!`))).toThrow('bytes follow')
  })
})

describe('the bench', () => {
  it.each([
    [0.5, 2],
    [0.99, 3],
    [0, 1],
  ])('takes quantile %d as %d', (share, value) => {
    expect(quantile([3, 1, 2], share)).toBe(value)
  })

  it('refuses options that it could not keep', () => {
    expect(readOptions(['--seconds', '0.3', '--rounds', '1'], {})).toMatchObject({ seconds: 0.3 })
    expect(readOptions([], { BENCH_ROUNDS: '3' })).toMatchObject({ seconds: 1.5, rounds: 3 })
    expect(() => readOptions(['--seconds', 'long'], {})).toThrow('--seconds')
    expect(() => readOptions(['--rounds', '1000'], {})).toThrow('--rounds')
  })

  it.runIf(isLong)('measures the gateway beside a bare Worker, and the books agree', async () => {
    const stage = await openStage(inject('bundleDir'))
    try {
      const keys = await newTenants(stage.gateway.url, 2)
      const plans = [{ name: 'few streams', connections: 4, teams: 2, stream: true }]
      const http = await measureHttp({ stage, keys, plans, seconds: 0.2, rounds: 1 })
      const rows = { requests: 1, rowsPerRequest: 3, alarmsPerRequest: 1 }
      const measured = { http, core: measureCore(0.1), rows: { many: rows, alone: rows } }
      const options = { seconds: 0.2, rounds: 1, jsonPath: '' }
      expect(printed(report(options, thisMachine(), measured))).toMatch(
        /few streams\s+\| provider alone\s+\| \d/,
      )
      expect(http[0]?.gateway.answers).toBeGreaterThan(0)
      expect(http[0]?.ratio).toBeGreaterThan(0)
      expect(measured.core.decisionsPerSecond).toBeGreaterThan(0)
    } finally {
      await stage.close()
    }
  })
})
