import { exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import { MASTER } from '../setup/worker.ts'

export const SITE = 'http://tollgate.test'

export interface Visit {
  readonly cookie?: string | undefined
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly site?: string
}

/** A page as a browser without script asks for it. */
export function visit(path: string, { cookie, form, headers, site = SITE }: Visit = {}) {
  const init: RequestInit = {
    redirect: 'manual',
    method: form ? 'POST' : 'GET',
    headers: { ...(cookie && { cookie }), ...(form && { origin: site }), ...headers },
  }
  if (form) init.body = new URLSearchParams(form)
  return exports.default.fetch(new Request(site + path, init))
}

/** What a browser sends once it is signed in. */
export async function signedIn(key = MASTER): Promise<string> {
  const answer = await visit('/ui/sign-in', { form: { key } })
  expect(answer.status).toBe(303)
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

/** A page that is there, as text. */
export async function read(path: string, cookie: string): Promise<string> {
  const answer = await visit(path, { cookie })
  const text = await answer.text()
  expect(answer.status, `${path}: ${text.slice(-600)}`).toBe(200)
  return text
}

export interface Sent {
  readonly status: number
  readonly text: string
  readonly location: string
}

/** A form as a browser sends it: with what its fields said when it was made, and these changes. */
export async function send(
  path: string,
  cookie: string,
  form: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const answer = await visit(path, { cookie, form })
  const text = await answer.text()
  return { status: answer.status, text, location: answer.headers.get('location') ?? '' }
}

/** The same with all that the page of the form has filled in. */
export async function change(
  path: string,
  cookie: string,
  changes: Readonly<Record<string, string>>,
): Promise<Sent> {
  return send(path, cookie, { ...fieldsOf(await read(path, cookie)), ...changes })
}

/** What the first form of a page that changes something says. */
export function fieldsOf(page: string): Record<string, string> {
  const [, form = ''] = /<form class="card" method="post"[^>]*>(.*?)<\/form>/s.exec(page) ?? []
  const inputs = [...form.matchAll(/<input[^>]*>/g)].map(([input]) => {
    return [attributeOf(input, 'name'), attributeOf(input, 'value')] as const
  })
  const choices = [...form.matchAll(/<select[^>]*name="([^"]*)"[^>]*>(.*?)<\/select>/gs)].map(
    ([, name = '', options = '']) => {
      const [, chosen = ''] = /value="([^"]*)" selected/.exec(options) ?? []
      return [name, chosen] as const
    },
  )
  return Object.fromEntries([...inputs, ...choices])
}

function attributeOf(tag: string, name: string): string {
  const [, value = ''] = new RegExp(` ${name}="([^"]*)"`).exec(tag) ?? []
  return value
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

/** What stands below a field that was refused. */
export function problemAt(page: string, field: string): string {
  return new RegExp(`id="${field}-error"[^>]*>([^<]+)<`).exec(page)?.[1] ?? ''
}
