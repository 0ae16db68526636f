import { expect, it } from 'vitest'
import { workerVariables } from '../../../dev/environment.ts'

it('passes the shell’s documented and configured variables on, before .dev.vars', () => {
  const shell = {
    METRICS_TOKEN: 'shell',
    JWT_PUBLIC_KEY_URL: 'shell',
    OPENAI_API_KEY: 'shell',
    LITELLM_MASTER_KEY: '',
    SECRET_OF_ANOTHER_PROGRAM: 'shell',
  }
  const devVars = { METRICS_TOKEN: 'file', LITELLM_MASTER_KEY: 'file', EXTRA: 'file' }
  expect(workerVariables(shell, devVars, ['OPENAI_API_KEY', 'UNSET'])).toEqual({
    METRICS_TOKEN: 'shell',
    JWT_PUBLIC_KEY_URL: 'shell',
    OPENAI_API_KEY: 'shell',
    LITELLM_MASTER_KEY: 'file',
    EXTRA: 'file',
  })
})
