import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig } from '../../src/config/parse.ts'
import { ConfigError } from '../../src/config/problems.ts'

const MODELS = [{ model_name: 'm', litellm_params: { model: 'ollama/x' } }]

function outcome(litellm_settings: object, more: object = {}) {
  try {
    const { config, warnings } = parseConfig(
      stringify({ model_list: MODELS, litellm_settings, ...more }),
      { BUDGET: '7' },
    )
    return { defaults: config.settings.teamDefaults, warnings, problems: [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { defaults: null, warnings: [], problems: error.problems }
  }
}

const said = (values: object) => JSON.parse(JSON.stringify(values)) as object
const SETTINGS = 'litellm_settings.default_team_settings'
const PARAMS = 'litellm_settings.default_team_params'

describe('defaults of new teams', () => {
  it('are read as the documentation of LiteLLM writes them', () => {
    const { defaults, warnings } = outcome({
      default_team_settings: [{ team_id: 'default-settings', max_budget: 100.0 }],
    })
    expect(warnings).toEqual([])
    expect(said(defaults!)).toEqual({ byTeam: [], general: [{ maxBudget: '100.000000000000' }] })
  })

  it('may be for one team, for all, and behind both in default_team_params', () => {
    const { defaults } = outcome({
      default_team_settings: [
        { team_id: 'a', max_budget: 1 },
        { max_budget: 'os.environ/BUDGET', budget_duration: '30d' },
      ],
      default_team_params: { tpm_limit: 5, models: ['m'] },
    })
    expect(said(defaults!)).toEqual({
      byTeam: [{ teamId: 'a', values: { maxBudget: '1.000000000000' } }],
      general: [
        { maxBudget: '7.000000000000', budgetDuration: '30d' },
        { tpmLimit: 5, models: ['m'] },
      ],
    })
  })

  it('are whatever limits a team', () => {
    const { defaults, problems, warnings } = outcome({
      default_team_params: {
        soft_budget: 0.5,
        budget_reset_alignment: 'calendar',
        budget_limits: [{ budget_duration: '1d', max_budget: 2 }],
        model_max_budget: { a: { max_budget: 3, budget_duration: '1h' }, b: { budget_limit: 4 } },
        model_rpm_limit: { a: 5 },
        model_tpm_limit: { a: 6 },
        budget_enforcement: 'strict',
        rpm_limit: 7,
        max_parallel_requests: 8,
        team_member_budget: 9,
        team_member_budget_duration: '1mo',
        team_member_rpm_limit: 10,
        team_member_tpm_limit: 11,
        team_member_permissions: ['/key/generate'],
        team_member_key_duration: '7d',
      },
    })
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    expect(said(defaults!.general[0]!)).toEqual({
      softBudget: '0.500000000000',
      budgetResetAlignment: 'calendar',
      budgetLimits: [{ budget_duration: '1d', max_budget: '2.000000000000' }],
      modelMaxBudget: {
        a: { budget_limit: '3.000000000000', time_period: '1h' },
        b: { budget_limit: '4.000000000000', time_period: null },
      },
      modelRpmLimit: { a: 5 },
      modelTpmLimit: { a: 6 },
      budgetEnforcement: 'strict',
      rpmLimit: 7,
      maxParallelRequests: 8,
      teamMemberBudget: '9.000000000000',
      teamMemberBudgetDuration: '1mo',
      teamMemberRpmLimit: 10,
      teamMemberTpmLimit: 11,
      teamMemberPermissions: ['/key/generate'],
      teamMemberKeyDuration: '7d',
    })
  })

  it('are those of the first element, whomever it names, as in LiteLLM: that is said', () => {
    const { defaults, warnings } = outcome({
      default_team_settings: [
        { team_id: 'a', max_budget: 1 },
        { team_id: 'b', max_budget: 2 },
      ],
    })
    expect(said(defaults!.general)).toEqual([{ maxBudget: '1.000000000000' }])
    expect(defaults!.byTeam.map(({ teamId }) => teamId)).toEqual(['a', 'b'])
    expect(warnings).toEqual([expect.stringMatching(/^litellm_settings.+\[0\] holds for every/)])
  })
})

describe('a default that cannot be meant', () => {
  it.each([
    [{ max_budget: -1 }, 'max_budget: expected USD, 0 or more, such as 100, got -1'],
    [{ max_budget: 'much' }, 'max_budget: expected USD, 0 or more, such as 100, got "much"'],
    [{ budget_duration: 'soon' }, 'budget_duration: expected a duration such as'],
    [{ team_member_budget_duration: '0d' }, 'team_member_budget_duration: expected a duration'],
    [{ tpm_limit: 1.5 }, 'tpm_limit: expected a whole number, 0 or more, got 1.5'],
    [{ models: { a: 1 } }, 'models: expected a list of models'],
    [
      { team_member_permissions: ['/team/new'] },
      'team_member_permissions[0]: expected /key/generate',
    ],
    [{ budget_enforcement: 'hard' }, 'budget_enforcement: expected "headroom" or'],
    [{ model_max_budget: { m: { rpm_limit: 1 } } }, 'model_max_budget.m: '],
    [{ budget_limits: [{ max_budget: 1 }] }, 'budget_limits[0].budget_duration: expected'],
  ])('stops the start: %j', (fields, problem) => {
    const element = outcome({ default_team_settings: [{ team_id: 'x', ...fields }] }).problems
    expect(element).toEqual([expect.stringContaining(`${SETTINGS}[0].${problem}`)])
    const params = outcome({ default_team_params: fields }).problems
    expect(params).toEqual([expect.stringContaining(`${PARAMS}.${problem}`)])
  })

  it.each([
    [{ default_team_settings: { max_budget: 1 } }, `${SETTINGS}: expected a list such as`],
    [{ default_team_settings: [3] }, `${SETTINGS}[0]: expected a mapping such as`],
    [{ default_team_params: [1] }, `${PARAMS}: expected a mapping such as`],
    [
      { default_team_settings: [{ team_id: 'a' }, { team_id: 'a' }] },
      `${SETTINGS}[1].team_id: expected each team once, got "a" again`,
    ],
  ])('stops the start: %j', (settings, problem) => {
    expect(outcome(settings).problems).toContainEqual(expect.stringContaining(problem))
  })

  it.each(['guardrails', 'default_team_member_models', 'organization_id', 'tpm_limit_type'])(
    'stops the start if nothing enforces it: %s',
    (name) => {
      const settings = { default_team_settings: [{ team_id: 'a', [name]: ['x'] }] }
      expect(outcome(settings).problems).toEqual([
        expect.stringContaining(`${SETTINGS}[0].${name}: not supported`),
      ])
      const ignored = { ignore_unsupported: [`${SETTINGS}[].${name}`] }
      expect(outcome(settings, { general_settings: ignored }).problems).toEqual([])
    },
  )

  it('is said if it only logs, without its secrets', () => {
    const { problems, warnings } = outcome({
      default_team_settings: [
        {
          team_id: 'default-settings',
          success_callback: ['langfuse'],
          langfuse_secret: 'very-secret',
        },
      ],
    })
    expect(problems).toEqual([])
    expect(warnings).toHaveLength(2)
    expect(warnings.join('\n')).toContain(`${SETTINGS}[0].langfuse_secret is not known`)
    expect(warnings.join('\n')).not.toContain('very-secret')
  })

  it('stops the start if it is a callback that guards', () => {
    const settings = { default_team_settings: [{ team_id: 'a', callbacks: ['presidio'] }] }
    expect(outcome(settings).problems).toEqual([
      expect.stringContaining(`${SETTINGS}[0].callbacks[0]: not supported`),
    ])
  })
})
