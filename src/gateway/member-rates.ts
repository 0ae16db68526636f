import type { Config } from '../config/config.ts'
import { MEMBER_RATE_LIMITS } from '../config/settings.ts'
import type { Db } from '../db/connect.ts'
import { hasMemberRates } from '../db/member-rates.ts'
import { describe, log } from '../log.ts'

interface MemberRatesDeps {
  readonly config: Config
  readonly db: Db
}

/**
 * A limit that is written down and not enforced would be a lie, so the log says it. A Worker can't
 * ask Postgres when it starts: each isolate asks beside its first request.
 */
export function memberRatesWatch({ config, db }: MemberRatesDeps) {
  let asked = config.settings.memberRateLimits
  return (defer: (work: Promise<unknown>) => void): void => {
    if (asked) return
    asked = true
    defer(warn(db))
  }
}

async function warn(db: Db): Promise<void> {
  try {
    if (!(await hasMemberRates(db))) return
    log('warn', 'member_rate_limits_off', {
      warning:
        'Requests and tokens per minute of team members are not limited, though limits are set: ' +
        `set the variable ${MEMBER_RATE_LIMITS} to "true".`,
    })
  } catch (error) {
    log('info', 'member_rate_limits_unknown', { error: describe(error) })
  }
}
