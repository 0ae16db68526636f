import type { Child } from 'hono/jsx'

/** What a form was sent with, and what was said against it. */
export interface Filled {
  readonly values: Readonly<Record<string, string>>
  readonly problem: { readonly field: string | null; readonly message: string } | null
}

export const EMPTY: Filled = { values: {}, problem: null }

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly filled: Filled
  readonly required?: boolean
  readonly placeholder?: string
  readonly list?: readonly string[]
  readonly inputmode?: 'decimal' | 'numeric'
  readonly secret?: boolean
}

/** A labelled input; what is wrong with it stands below it. */
export function Field({ name, label, hint, filled, list, secret, ...more }: FieldProps) {
  const { described, problem } = about(name, hint, filled)
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={secret ? 'password' : 'text'}
        value={filled.values[name] ?? ''}
        autocomplete="off"
        list={list && `${name}-list`}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={described}
        {...more}
      />
      {list && (
        <datalist id={`${name}-list`}>
          {list.map((value) => (
            <option value={value} />
          ))}
        </datalist>
      )}
      <Notes name={name} hint={hint} problem={problem} />
    </div>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly filled: Filled
  readonly options: readonly (readonly [value: string, text: string])[]
}

export function Choice({ name, label, hint, filled, options }: ChoiceProps) {
  const { described, problem } = about(name, hint, filled)
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <select
        id={name}
        name={name}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={described}
      >
        {options.map(([value, text]) => (
          <option value={value} selected={value === (filled.values[name] ?? '')}>
            {text}
          </option>
        ))}
      </select>
      <Notes name={name} hint={hint} problem={problem} />
    </div>
  )
}

function about(name: string, hint: string | undefined, { problem }: Filled) {
  const own = problem?.field === name ? problem.message : null
  const ids = [...(hint ? [`${name}-hint`] : []), ...(own === null ? [] : [`${name}-error`])]
  return { described: ids.length > 0 ? ids.join(' ') : undefined, problem: own }
}

interface NotesProps {
  readonly name: string
  readonly hint: string | undefined
  readonly problem: string | null
}

function Notes({ name, hint, problem }: NotesProps) {
  return (
    <>
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {problem !== null && (
        <p class="wrong" id={`${name}-error`} role="alert">
          {problem}
        </p>
      )}
    </>
  )
}

/** A button that changes something. */
export function Act({ to, quiet, children }: ActProps) {
  return (
    <form class="act" method="post" action={to}>
      <button class={quiet ? 'quiet' : ''}>{children}</button>
    </form>
  )
}

interface ActProps {
  readonly to: string
  readonly quiet?: boolean
  readonly children: Child
}
