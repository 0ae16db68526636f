import OpenAI from 'openai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import { serveWorker } from '../../dev/workerd.ts'
import type { WorkerServer } from '../../dev/workerd.ts'
import { DATABASE_URL } from './database.ts'
import type { Database } from './database.ts'

export const MASTER_KEY = 'sk-1234'

export const HI: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }]

export interface Ask {
  key?: string | null
  body?: unknown
  /** Sent instead of `body`, byte for byte. */
  raw?: string
  headers?: Record<string, string>
  method?: string
}

export interface Answer {
  status: number
  headers: Headers
  text: string
  json: Json
}

/** Empty if the body was no JSON. */
export type Json = Record<string, unknown>

export interface Gateway {
  url: string
  worker: WorkerServer
  /** Where its objects live; `object-file.ts` opens them. */
  stateDir: string
  /** POST if there is a body, with the master key unless another is named; null: none. */
  http: (path: string, ask?: Ask) => Promise<Answer>
  newTeam: (fields?: Record<string, unknown>) => Promise<Json>
  newKey: (fields?: Record<string, unknown>) => Promise<string>
  /** A team of the test's own, and a key of it. */
  tenant: (fields?: Record<string, unknown>) => Promise<{ teamId: string; key: string }>
  chat: (key: string, model: string, more?: Record<string, unknown>) => Promise<Answer>
  openai: (key: string, options?: { maxRetries?: number; path?: string }) => OpenAI
  /** At this instant, from the ledger. */
  ledgerSpend: (teamId: string) => Promise<{ spend: number; held: number }>
  stop: () => Promise<void>
}

export interface StartGateway {
  database: Database
  /** The bundled config.yaml if absent. */
  configYaml?: string
  env?: Record<string, string>
}

export async function startGateway(options: StartGateway): Promise<Gateway> {
  const stateDir = await mkdtemp(join(tmpdir(), 'tollgate-e2e-'))
  const worker = await serveWorker({
    bundleDir: inject('bundleDir'),
    stateDir,
    ...(options.configYaml !== undefined && { configYaml: options.configYaml }),
    env: {
      DATABASE_URL,
      NEON_FETCH_ENDPOINT: options.database.endpoint.url,
      LITELLM_MASTER_KEY: MASTER_KEY,
      TOLLGATE_DEV: 'true',
      ...options.env,
    },
  })
  const stop = async (): Promise<void> => {
    await worker.stop()
    await rm(stateDir, { recursive: true, force: true })
  }
  return { url: worker.url, worker, stateDir, stop, ...client(worker.url) }
}

function client(url: string): Omit<Gateway, 'url' | 'worker' | 'stateDir' | 'stop'> {
  const http: Gateway['http'] = (path, ask = {}) => send(url + path, ask)
  const made = async (path: string, body: Record<string, unknown>): Promise<Json> => {
    const { status, text, json } = await http(path, { body })
    expect(status, text).toBe(200)
    return json
  }
  const newTeam: Gateway['newTeam'] = (fields = {}) => made('/team/new', fields)
  const newKey: Gateway['newKey'] = async (fields = {}) =>
    String((await made('/key/generate', fields))['key'])
  return {
    http,
    newTeam,
    newKey,
    tenant: async (fields) => {
      const teamId = String((await newTeam(fields))['team_id'])
      return { teamId, key: await newKey({ team_id: teamId }) }
    },
    chat: (key, name, more = {}) =>
      http('/v1/chat/completions', { key, body: { model: name, messages: HI, ...more } }),
    openai: (apiKey, { maxRetries = 0, path = '/v1' } = {}) =>
      new OpenAI({ baseURL: url + path, apiKey, maxRetries }),
    ledgerSpend: async (teamId) => {
      const { status, text, json } = await http(`/team/info?team_id=${teamId}`)
      expect(status, text).toBe(200)
      const { spend, held } = json['team_info'] as { spend: number; held: number }
      return { spend, held }
    },
  }
}

async function send(url: string, ask: Ask): Promise<Answer> {
  const content = ask.raw ?? (ask.body === undefined ? undefined : JSON.stringify(ask.body))
  const key = ask.key === undefined ? MASTER_KEY : ask.key
  const response = await fetch(url, {
    method: ask.method ?? (content === undefined ? 'GET' : 'POST'),
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...ask.headers,
    },
    ...(content !== undefined && { body: content }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parsed(text) }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return {}
  }
}
