import type { Context } from 'hono'
import { ApiProblem } from './api.ts'
import { exact } from './parts/amounts.tsx'
import type { FieldGroup, Filled, FormField, Values } from './parts/form.tsx'
import { inputTime, instantOf } from './zoned.ts'

const VALUE_MAX_LENGTH = 10_000
const NUMBER = /^\d*\.?\d+(?:e[+-]?\d+)?$/i

export interface Sent {
  readonly values: Values
  /** What the fields said when the form was made. */
  readonly was: Values
}

export const fieldsOf = (groups: readonly FieldGroup[]) => groups.flatMap(({ fields }) => fields)

/** A form as it was sent: the text of each of these fields, empty where there is none. */
export async function readForm(c: Context, fields: readonly FormField[]): Promise<Sent> {
  const form = await c.req.parseBody()
  const values = fields.map(({ name }) => [name, textOf(form[name])] as const)
  return { values: Object.fromEntries(values), was: parsed(textOf(form['was'])) }
}

/** One of them. */
export async function readField(c: Context, name: string): Promise<string> {
  return textOf((await c.req.parseBody())[name])
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, VALUE_MAX_LENGTH) : ''
}

function parsed(text: string): Values {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Values) : {}
  } catch {
    return {}
  }
}

/** What was filled in, as the API takes it. */
export function newBody(fields: readonly FormField[], values: Values, zone: string) {
  return bodyOf(
    fields.filter(({ name }) => values[name]),
    values,
    zone,
  )
}

/** What was changed, as the API takes it; null where a field was emptied. */
export function changedBody(fields: readonly FormField[], { values, was }: Sent, zone: string) {
  return bodyOf(
    fields.filter(({ name }) => values[name] !== was[name]),
    values,
    zone,
  )
}

function bodyOf(fields: readonly FormField[], values: Values, zone: string) {
  const entries = fields.map((field) => [field.name, read(field, values[field.name] ?? '', zone)])
  return Object.fromEntries(entries) as Readonly<Record<string, unknown>>
}

/** What makes no sense stays text: the API refuses it, and says why. */
function read({ kind, name }: FormField, text: string, zone: string): unknown {
  if (kind === 'list') return namesOf(text)
  if (text === '') return null
  if (kind === 'windows') return windowsOf(text, name)
  if (kind === 'time') return instantOf(text, zone)
  if (kind === 'usd' || kind === 'count') return NUMBER.test(text) ? Number(text) : text
  return text
}

const namesOf = (text: string) =>
  text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter(Boolean)

/** `1d 5, 7d 20`: a period and USD, several of them. Throws an ApiProblem. */
function windowsOf(text: string, name: string) {
  return namesOf(text).map((one) => {
    const [, duration, usd = ''] = /^(\w+)\s*[:=\s]\s*\$?(\S+)$/.exec(one) ?? []
    if (duration === undefined || !NUMBER.test(usd)) {
      throw new ApiProblem(400, 'Expected periods with USD, such as "1d 5, 7d 20".', name)
    }
    return { budget_duration: duration, max_budget: Number(usd) }
  })
}

interface Window {
  readonly budget_duration: string
  readonly max_budget: number | null
}

/** A row of the API → what its fields say. */
export function valuesOf(fields: readonly FormField[], row: object, zone: string): Values {
  const values = fields.map((field) => {
    const value = (row as Readonly<Record<string, unknown>>)[field.name]
    return [field.name, shown(field, value, zone)] as const
  })
  return Object.fromEntries(values)
}

function shown({ kind }: FormField, value: unknown, zone: string): string {
  if (kind === 'usd' && typeof value === 'number') return exact(value)
  if (kind === 'time' && typeof value === 'string') return inputTime(value, zone)
  if (kind === 'windows' && Array.isArray(value))
    return (value as Window[]).map(shownWindow).join(', ')
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

const shownWindow = ({ budget_duration: duration, max_budget: usd }: Window) =>
  `${duration} ${usd === null ? '' : exact(usd)}`

/** The form as it was sent, with what the API said against it. Throws what is no refusal. */
export function refused(values: Values, error: unknown, form?: string): Filled {
  if (!(error instanceof ApiProblem) || error.status >= 500) throw error
  const { field, message } = error
  // The API names the field before it says what is wrong with it; here it stands below the field.
  const prefix = `${field}: `
  const text = message.startsWith(prefix) ? message.slice(prefix.length) : message
  // Of a list it names the item, too.
  const name = field?.split('.')[0] ?? null
  return { ...(form !== undefined && { form }), values, problem: { field: name, message: text } }
}

/** What was said against it. Throws what is no refusal. */
export function said(error: unknown): string {
  return refused({}, error).problem?.message ?? ''
}
