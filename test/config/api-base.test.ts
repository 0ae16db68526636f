import { describe, expect, it } from 'vitest'
import { apiBaseProblem } from '../../src/config/api-base.ts'
import { parseConfig } from '../../src/config/parse.ts'

const DEPLOYED = { isDev: false, allowedHosts: [] }

describe('a deployed Worker', () => {
  it.each([
    'localhost',
    'LOCALHOST.',
    'api.localhost',
    'metadata.google.internal',
    'printer.local',
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:10.0.0.1]',
    '[fe80::1]',
    '[fd00::1]',
    '[2002:7f00:1::]',
    '[64:ff9b::7f00:1]',
  ])('does not call %s', (host) => {
    expect(apiBaseProblem(`https://${host}:8443/v1`, DEPLOYED)).toMatch(/private address/)
  })

  it.each(['api.openai.com', '8.8.8.8', '172.32.0.1', '[2606:4700::1111]', 'local.example.com'])(
    'calls %s by https only',
    (host) => {
      expect(apiBaseProblem(`https://${host}/v1`, DEPLOYED)).toBe(null)
      expect(apiBaseProblem(`http://${host}/v1`, DEPLOYED)).toMatch(/^expected https/)
    },
  )

  it('calls what is listed, and in development anything', () => {
    const allowedHosts = ['10.0.0.5', 'vllm.internal:8000']
    const listed = { isDev: false, allowedHosts }
    expect(apiBaseProblem('http://10.0.0.5:8000/v1', listed)).toBe(null)
    expect(apiBaseProblem('http://vllm.internal:8000/v1', listed)).toBe(null)
    expect(apiBaseProblem('http://vllm.internal:22/v1', listed)).not.toBe(null)
    expect(apiBaseProblem('http://127.0.0.1/v1', { isDev: true, allowedHosts: [] })).toBe(null)
  })

  it('names the row', () => {
    const yaml =
      'model_list: [{model_name: m, litellm_params: {model: openai/m, api_base: "https://169.254.169.254"}}]'
    expect(() => parseConfig(yaml, {})).toThrow('model_list[0].litellm_params.api_base: "169.254')
  })
})
