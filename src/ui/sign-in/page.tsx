import { EMPTY, Field, type Filled, type FormField } from '../parts/form.tsx'
import { Page } from '../parts/page.tsx'

/** Where everybody begins. */
export const HOME = '/ui'

const KEY: FormField = {
  name: 'key',
  label: 'Key',
  hint: 'The master key, or a virtual key: what it may do is what you will see.',
  kind: 'secret',
  required: true,
}

interface SignInProps {
  readonly problem: string | null
  /** The page that was asked for. */
  readonly next: string
}

export function SignIn({ problem, next }: SignInProps) {
  const filled: Filled =
    problem === null ? EMPTY : { values: {}, problem: { field: 'key', message: problem } }
  return (
    <Page title="Sign in" viewer={null}>
      <h1>Sign in</h1>
      <form class="card" method="post" action="/ui/sign-in">
        {next !== HOME && <input type="hidden" name="next" value={next} />}
        <Field field={KEY} filled={filled} />
        <button>Sign in</button>
      </form>
    </Page>
  )
}
