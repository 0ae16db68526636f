import { expect, it } from 'vitest'
import { planSecrets, secretProblem } from '../../../dev/secrets.ts'

const DATABASE_URL = 'postgres://u:p@ep-x.eu-central-1.aws.neon.tech/main'

it('asks for what neither the shell nor the Worker has', () => {
  expect(planSecrets({}, [])).toEqual({
    known: {},
    missing: ['DATABASE_URL', 'LITELLM_MASTER_KEY'],
    toSet: ['DATABASE_URL', 'LITELLM_MASTER_KEY'],
  })
})

it('needs the database for the migrations, and sets nothing that the Worker has', () => {
  const plan = planSecrets({ LITELLM_MASTER_KEY: 'sk-mine' }, [
    'DATABASE_URL',
    'LITELLM_MASTER_KEY',
  ])
  expect(plan).toEqual({ known: {}, missing: ['DATABASE_URL'], toSet: [] })
})

it('takes what the shell has', () => {
  const shell = { DATABASE_URL, LITELLM_MASTER_KEY: 'sk-mine', OTHER: 'x' }
  expect(planSecrets(shell, ['DATABASE_URL'])).toEqual({
    known: { DATABASE_URL, LITELLM_MASTER_KEY: 'sk-mine' },
    missing: [],
    toSet: ['LITELLM_MASTER_KEY'],
  })
})

it.each([
  ['LITELLM_MASTER_KEY', 'sk-1234', 'is public'],
  ['LITELLM_MASTER_KEY', 'hello', 'must start with sk-'],
  ['DATABASE_URL', 'hello', 'is not a URL'],
  ['DATABASE_URL', 'mysql://u:p@h/d', 'must start with postgres://'],
  ['DATABASE_URL', 'postgres://u:p@localhost/d', "can't reach localhost"],
  ['DATABASE_URL', '', 'is not a URL'],
] as const)('refuses %s=%s', (name, value, reason) => {
  expect(secretProblem(name, value)).toContain(reason)
})

it('takes a real database and a key of one’s own', () => {
  expect(secretProblem('DATABASE_URL', DATABASE_URL)).toBeUndefined()
  expect(secretProblem('LITELLM_MASTER_KEY', 'sk-0f3c')).toBeUndefined()
})
