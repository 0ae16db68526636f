import { Bar, Money } from '../parts/amounts.tsx'
import { When } from '../parts/times.tsx'
import { useViewer } from '../viewer.ts'
import { isLifted, limitOf, type TeamRow } from './rows.ts'

const HOUR_MS = 3_600_000

/** What is spent, held and left, in each of a team's windows. */
export function Budget({ team }: { readonly team: TeamRow }) {
  const { spend, held, max_budget: own, budget_limits: others } = team
  const { nowMs } = useViewer()
  const perHour = team.forecast.last_day.spend_per_hour
  return (
    <section class="card" aria-label="Budget">
      <Window
        name={team.budget_duration === null ? 'Budget' : `Each ${team.budget_duration}`}
        spend={spend}
        held={held ?? 0}
        limit={limitOf(team, nowMs)}
        resetAt={team.budget_reset_at}
        perHour={perHour}
      />
      {(others ?? []).map(({ budget_duration: id, max_budget: limit, reset_at: resetAt }) => (
        <Window
          name={`Each ${id}`}
          spend={team.budget_limits_usage[id]?.current_spend ?? 0}
          held={0}
          limit={limit}
          resetAt={resetAt}
          perHour={perHour}
        />
      ))}
      <p class="note">
        {own !== null && isLifted(team, nowMs) && (
          <>
            <Money usd={team.temp_budget_increase ?? 0} /> of it until{' '}
            <When at={team.temp_budget_expiry ?? ''} />.{' '}
          </>
        )}
        The pace of the last day is <Money usd={perHour * 24} /> a day.
      </p>
    </section>
  )
}

interface WindowProps {
  readonly name: string
  readonly spend: number
  readonly held: number
  readonly limit: number | null
  readonly resetAt: string | null
  readonly perHour: number
}

function Window({ name, spend, held, limit, resetAt, perHour }: WindowProps) {
  return (
    <div class="wide">
      <p class="spread">
        <span>
          {name}: <strong class="spent">{<Money usd={spend} />}</strong> spent
          {held > 0 && (
            <>
              , <Money usd={held} /> held
            </>
          )}
          {limit !== null && (
            <>
              {' '}
              of <Money usd={limit} />
            </>
          )}
        </span>
        <span class="note">
          {resetAt === null ? 'never resets' : <Resets at={resetAt} />}
          {limit !== null && <Forecast {...{ left: limit - spend, resetAt, perHour }} />}
        </span>
      </p>
      <Bar spend={spend} held={held} limit={limit} />
    </div>
  )
}

function Resets({ at }: { readonly at: string }) {
  return (
    <>
      resets <When at={at} />
    </>
  )
}

interface ForecastProps extends Pick<WindowProps, 'resetAt' | 'perHour'> {
  readonly left: number
}

/** When a window is spent up at this pace. */
function Forecast({ left, resetAt, perHour }: ForecastProps) {
  if (left <= 0) return <>, spent up</>
  // Without a pace there is nothing to say.
  if (perHour <= 0) return null
  const endMs = useViewer().nowMs + (left / perHour) * HOUR_MS
  const isEnough = endMs > (resetAt === null ? END_OF_TIME_MS : Date.parse(resetAt))
  if (isEnough) return <>, enough until then at this pace</>
  return (
    <>
      , spent up <When at={new Date(endMs).toISOString()} /> at this pace
    </>
  )
}

/** The last instant that a Date can be. */
const END_OF_TIME_MS = 8.64e15
