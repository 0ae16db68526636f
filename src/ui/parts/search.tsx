import { Field, type FormField, type Values } from './form.tsx'

interface SearchProps {
  readonly fields: readonly FormField[]
  readonly values: Values
}

/** What a list is asked for. */
export function Search({ fields, values }: SearchProps) {
  return (
    <form class="card row" method="get" role="search">
      {fields.map((field) => (
        <Field field={field} filled={{ values, problem: null }} />
      ))}
      <button class="quiet">Show</button>
    </form>
  )
}
