import { parsePico, picoToDecimal } from '../../money.ts'

/** USD as people read it, with the exact amount on hover. */
export function Money({ usd }: { readonly usd: number }) {
  return (
    <span class="number" title={`${exact(usd)} USD`}>
      {shownUsd(usd)}
    </span>
  )
}

export function exact(usd: number): string {
  return picoToDecimal(parsePico(usd)).replace(/\.?0+$/, '') || '0'
}

/** `$1,234.50`, `$0.0035`, `$0.000000001`: two decimals, or two digits that say something. */
export function shownUsd(usd: number): string {
  const size = Math.abs(usd)
  const small = size > 0 && size < 1 ? Math.ceil(-Math.log10(size)) + 1 : 2
  const digits = Math.min(12, Math.max(2, small))
  const text = size.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return `${usd < 0 ? '−' : ''}$${text.replace(/(\.\d\d\d*?)0+$/, '$1')}`
}

export interface Budget {
  readonly spend: number
  readonly held?: number | null | undefined
  readonly limit: number | null
}

const WIDTH = 1_000

/** Spent, held and what is left of a limit. */
export function Bar({ spend, held, limit }: Budget) {
  if (limit === null) return <span class="note">no limit</span>
  const part = (usd: number) =>
    limit > 0 ? Math.min(WIDTH, Math.round((Math.max(0, usd) / limit) * WIDTH)) : WIDTH
  const [spent, taken] = [part(spend), part(spend + (held ?? 0))]
  const words = `${shownUsd(spend)} spent, ${shownUsd(held ?? 0)} held, of ${shownUsd(limit)}`
  return (
    <svg class="bar" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" role="img">
      <title>{words}</title>
      <rect class="bar-held" width={taken} height="10" />
      <rect class={spent >= WIDTH ? 'bar-full' : 'bar-spent'} width={spent} height="10" />
    </svg>
  )
}
