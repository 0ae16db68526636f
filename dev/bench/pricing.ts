// What metering costs: node dev/bench/pricing.ts

import { costOf } from '../../src/pricing/cost.ts'
import { estimate } from '../../src/pricing/estimate.ts'
import { mediaTokens } from '../../src/pricing/media/media-tokens.ts'
import { nfkcBytes } from '../../src/pricing/nfkc.ts'
import { priceOfRow } from '../../src/pricing/resolve.ts'
import { scanObject } from '../../src/upstream/json-members.ts'
import { messagesDialect } from '../../src/upstream/messages/message-facts.ts'
import { openAiDialect, type StreamDialect, StreamTap } from '../../src/upstream/stream-tap.ts'
import { readUsage } from '../../src/upstream/usage.ts'

const RUNS = 21
const USAGES = 10_000
const MB = 1_000_000
const CHUNK_BYTES = 16_384
const MODEL = 'claude-sonnet-4-5'
const NOW = Date.UTC(2026, 10, 24)

/** Milliseconds, the median of some runs after some to warm up. */
function median(act: () => unknown): number {
  for (let i = 0; i < RUNS; i++) act()
  const times = Array.from({ length: RUNS }, () => {
    const from = performance.now()
    act()
    return performance.now() - from
  })
  return times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)]!
}

const rules = { provider: 'anthropic', baseModel: null, overrides: null, local: false }
const price = priceOfRow(rules, MODEL)
if (!price) throw new Error(`the catalog does not list ${MODEL}`)

const RAW = {
  input_tokens: 1_200,
  cache_read_input_tokens: 9_000,
  cache_creation_input_tokens: 2_000,
  cache_creation: { ephemeral_1h_input_tokens: 500 },
  output_tokens: 800,
}

function priceAll(): void {
  for (let i = 0; i < USAGES; i++) {
    const usage = readUsage({ ...RAW, output_tokens: i + 1 })
    if (usage) costOf(price!, usage, NOW)
  }
}

/** A stream of a megabyte, in chunks as they come from a network. */
function chunksOf(event: (word: string) => string): Uint8Array[] {
  const words = Array.from({ length: 64 }, (_, i) => event(` word${i}`)).join('')
  const text = words.repeat(Math.ceil(MB / words.length)).slice(0, MB)
  const bytes = new TextEncoder().encode(text)
  return Array.from({ length: Math.ceil(MB / CHUNK_BYTES) }, (_, i) =>
    bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  )
}

const chat = (word: string) =>
  `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":"${word}"},"finish_reason":null}]}\n\n`
const message = (word: string) =>
  `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${word}"}}\n\n`

function tapped(chunks: readonly Uint8Array[], dialect: () => StreamDialect, hideUsage: boolean) {
  const tap = new StreamTap({ hideUsage, dialect: dialect() })
  for (const chunk of chunks) tap.push(chunk)
  tap.end()
}

const body = new TextEncoder().encode(
  JSON.stringify({ messages: [{ role: 'user', content: 'How are you today? '.repeat(52_631) }] }),
)

function estimated(): void {
  const object = scanObject(body)
  const media = mediaTokens({ bytes: body, object }, MODEL)
  estimate(
    {
      bodyBytes: body.length,
      normalisedBytes: nfkcBytes(body),
      encodedBytes: 0,
      media,
      toolCount: 0,
      runsServerTools: false,
      continuesElsewhere: false,
      hasLongCacheTtl: false,
      serviceTier: null,
      outputCap: 100,
      answers: 1,
      hasOutput: true,
    },
    price,
    { defaultOutputTokens: 512, maxInputTokens: null, maxOutputTokens: null, atMs: NOW },
  )
}

const [chats, messages] = [chunksOf(chat), chunksOf(message)]
console.table({
  'a usage read and priced, µs': (median(priceAll) * 1_000) / USAGES,
  'a chat stream tapped, ms/MB': median(() => tapped(chats, openAiDialect, false)),
  'the same, usage hidden, ms/MB': median(() => tapped(chats, openAiDialect, true)),
  "a stream of Anthropic's tapped, ms/MB": median(() => tapped(messages, messagesDialect, false)),
  'a body of 1 MB scanned and estimated, ms': median(estimated),
})
