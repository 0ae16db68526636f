import type { Child } from 'hono/jsx'
import { useViewer } from '../viewer.ts'

export type Option = readonly [value: string, text: string]

/** What is asked of somebody: a field of the API, by its name there. */
export interface FormField {
  readonly name: string
  readonly label: string
  readonly hint?: string | undefined
  /** How its text becomes what the API takes; `text` if it says nothing. */
  readonly kind?: 'text' | 'secret' | 'usd' | 'count' | 'list' | 'windows' | 'time' | 'choice'
  readonly required?: boolean
  readonly placeholder?: string
  /** Of a choice. */
  readonly options?: readonly Option[]
  /** Of a text: what may be meant. */
  readonly suggestions?: readonly string[] | undefined
}

export interface FieldGroup {
  readonly legend: string
  readonly fields: readonly FormField[]
}

/** What was typed, by field. */
export type Values = Readonly<Record<string, string>>

/** What a form was sent with, and what was said against it. */
export interface Filled {
  /** Which of a page's forms it is. */
  readonly form?: string
  readonly values: Values
  readonly problem: { readonly field: string | null; readonly message: string } | null
}

export const EMPTY: Filled = { values: {}, problem: null }

/** What is for this form of a page that has several. */
export function filledOf(filled: Filled, form: string, values: Values = {}): Filled {
  return filled.form === form ? filled : { form, values, problem: null }
}

interface FormProps {
  readonly filled: Filled
  readonly groups: readonly FieldGroup[]
  readonly button: string
  readonly action?: string
  /** What the fields said when the form was made: only what differs is changed. */
  readonly was?: Values
  readonly children?: Child
}

/** A card of fields, in groups. What is wrong with none of them stands above. */
export function Form({ filled, groups, button, action, was, children }: FormProps) {
  return (
    <form class="card" method="post" action={action}>
      <Elsewhere filled={filled} fields={groups.flatMap(({ fields }) => fields)} />
      {was && <input type="hidden" name="was" value={JSON.stringify(was)} />}
      {children}
      {groups.map(({ legend, fields }) => (
        <fieldset>
          <legend>{legend}</legend>
          <div class="grid">
            {fields.map((field) => (
              <Field field={field} filled={filled} />
            ))}
          </div>
        </fieldset>
      ))}
      <button>{button}</button>
    </form>
  )
}

interface InlineProps extends Pick<FormProps, 'filled' | 'button' | 'action' | 'children'> {
  readonly fields: readonly FormField[]
}

/** A line of fields. */
export function InlineForm({ filled, fields, button, action, children }: InlineProps) {
  return (
    <form method="post" action={action}>
      <Elsewhere filled={filled} fields={fields} />
      {children}
      <div class="row">
        {fields.map((field) => (
          <Field field={field} filled={filled} />
        ))}
        <button class="quiet">{button}</button>
      </div>
    </form>
  )
}

interface ElsewhereProps {
  readonly filled: Filled
  readonly fields: readonly FormField[]
}

/** What is wrong with no field of this form. */
function Elsewhere({ filled: { problem }, fields }: ElsewhereProps) {
  if (!problem || fields.some(({ name }) => name === problem.field)) return null
  return <Alert>{problem.message}</Alert>
}

/** What went wrong, in words; nothing if nothing did. */
export function Alert({ children }: { readonly children: Child }) {
  return children ? (
    <p class="alert" role="alert">
      {children}
    </p>
  ) : null
}

interface FieldProps {
  readonly field: FormField
  readonly filled: Filled
}

/** A labelled input; what is wrong with it stands below it. */
export function Field({ field, filled }: FieldProps) {
  const { name, label, hint } = field
  const id = filled.form ? `${filled.form}-${name}` : name
  const problem = filled.problem?.field === name ? filled.problem.message : null
  const notes = [...(hint ? [`${id}-hint`] : []), ...(problem === null ? [] : [`${id}-error`])]
  const common = {
    id,
    name,
    required: field.required,
    'aria-invalid': problem === null ? undefined : ('true' as const),
    'aria-describedby': notes.length > 0 ? notes.join(' ') : undefined,
  }
  const value = filled.values[name] ?? ''
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {field.kind === 'choice' ? (
        <select {...common}>
          {optionsOf(field, value).map(([option, text]) => (
            <option value={option} selected={option === value}>
              {text}
            </option>
          ))}
        </select>
      ) : (
        <Input field={field} common={common} value={value} />
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem !== null && (
        <p class="wrong" id={`${id}-error`} role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

/** A value that is none of them stays as it is, until somebody chooses. */
function optionsOf({ options = [] }: FormField, value: string): readonly Option[] {
  const isOne = options.some(([option]) => option === value)
  return isOne || value === '' ? options : [[value, value], ...options]
}

const MODES = { usd: 'decimal', count: 'numeric' } as const

interface InputProps {
  readonly field: FormField
  readonly common: { readonly id: string; readonly name: string }
  readonly value: string
}

function Input({ field: { kind, placeholder, suggestions }, common, value }: InputProps) {
  const { zone } = useViewer()
  const list = suggestions && `${common.id}-list`
  return (
    <>
      <input
        {...common}
        type={kind === 'secret' ? 'password' : kind === 'time' ? 'datetime-local' : 'text'}
        value={value}
        autocomplete="off"
        inputmode={kind === 'usd' || kind === 'count' ? MODES[kind] : undefined}
        placeholder={placeholder}
        title={kind === 'time' ? `In ${zone}` : undefined}
        list={list}
      />
      {suggestions && (
        <datalist id={list}>
          {suggestions.map((suggestion) => (
            <option value={suggestion} />
          ))}
        </datalist>
      )}
    </>
  )
}

interface ActProps {
  readonly to: string
  readonly children: Child
}

/** A button that changes something. */
export function Act({ to, children }: ActProps) {
  return (
    <form class="act" method="post" action={to}>
      <button class="quiet">{children}</button>
    </form>
  )
}

interface FinalProps extends ActProps {
  /** What is said before the button is there. */
  readonly name: string
}

/** The same for what can't be taken back: the button is there once it is asked for. */
export function Final({ to, name, children }: FinalProps) {
  return (
    <details class="final">
      <summary class="button quiet">{name}…</summary>
      <form class="act" method="post" action={to}>
        <button class="quiet danger">{children}</button>
      </form>
    </details>
  )
}
