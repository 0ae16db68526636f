// What it costs to look at a request's body before it is sent: node dev/bench/scan.ts

import { mediaTokens } from '../../src/pricing/media/media-tokens.ts'
import { nfkcBytes } from '../../src/pricing/nfkc.ts'
import { scanObject } from '../../src/upstream/json-members.ts'

const BODY_BYTES = 1_000_000
const RUNS = 21
const MODEL = 'gemini-2.5-flash'

const list = (unit: string) =>
  Array.from({ length: Math.floor(BODY_BYTES / (Buffer.byteLength(unit) + 1)) }, () => unit).join(
    ',',
  )
const parts = (text: string) => `{"messages":[{"role":"user","content":[${text}]}]}`
const text = (unit: string) =>
  JSON.stringify({ input: unit.repeat(Math.floor(BODY_BYTES / Buffer.byteLength(unit))) })
const image = (base64: string) =>
  `{"type":"image_url","image_url":{"url":"data:image/png;base64,${base64}"}}`

/** Usual bodies, and such as someone would send who wants to keep an isolate busy. */
const BODIES: Readonly<Record<string, string>> = {
  text: text('Hello there, how are you today? '),
  'messages of 30 letters': `{"messages":[${list('{"role":"user","content":"hello there, how are you today?"}')}]}`,
  'one image': parts(image('iVBORw0KGgoAAAAN'.repeat(BODY_BYTES / 16))),
  'images of a byte': parts(list(image('AA'))),
  'empty JPEG segments': parts(image(`/9j/${'4AAC/+AA'.repeat(BODY_BYTES / 8)}`)),
  'empty parts': parts(list('{}')),
  'types of parts': parts(list('{"type":"x"}')),
  'sources of parts': parts(
    list('{"source":{"type":"base64","media_type":"image/png","data":"AA"}}'),
  ),
  'a URL many times': parts(`{"image_url":{${list('"url":"data:image/png;base64,A"')}}}`),
  tools: `{"tools":[${list('{"type":"x"}')}]}`,
  'escaped keys': parts(list(String.raw`{"\u0061bcdef":1}`)),
  'deep lists': `{"input":[${list('['.repeat(500) + ']'.repeat(500))}]}`,
  'Arabic ligatures': text('\ufdfa'),
  'escaped ligatures': `{"input":"${String.raw`\ufdfa`.repeat(BODY_BYTES / 6)}"}`,
  'combining marks': text('\u0323\u0301'),
}

function median(act: () => unknown): string {
  const times = Array.from({ length: RUNS }, () => {
    const from = performance.now()
    act()
    return performance.now() - from
  })
  return times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)]!.toFixed(2)
}

const figures = Object.entries(BODIES).map(([body, json]) => {
  const bytes = new TextEncoder().encode(json)
  const object = scanObject(bytes)
  return {
    body,
    bytes: bytes.length,
    'scan ms': median(() => scanObject(bytes)),
    'media ms': median(() => mediaTokens({ bytes, object }, MODEL)),
    'nfkc ms': median(() => nfkcBytes(bytes)),
    'JSON.parse ms': median(() => JSON.parse(new TextDecoder().decode(bytes)) as unknown),
  }
})
console.table(figures)
