import { exact } from '../parts/amounts.tsx'
import { Page } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import type { Viewer } from '../viewer.ts'

export interface ModelRow {
  readonly model_name: string
  readonly litellm_params: { readonly model: string }
  readonly model_info: {
    readonly price_source: string | null
    readonly input_cost_per_token: number | null
    readonly output_cost_per_token: number | null
    readonly cache_read_input_token_cost?: number | null
  }
}

const MILLION = 1_000_000

function PerMillion({ usd }: { readonly usd: number | null | undefined }) {
  if (usd === null || usd === undefined) return <>–</>
  return <span title={`${exact(usd)} USD a token`}>{`$${(usd * MILLION).toPrecision(3)}`}</span>
}

export function Models({
  viewer,
  rows,
}: {
  readonly viewer: Viewer
  readonly rows: readonly ModelRow[]
}) {
  return (
    <Page title="Models" viewer={viewer} at="/ui/models">
      <h1>Models</h1>
      <p class="note">Prices are USD for a million tokens. Models stand in config.yaml.</p>
      <Table
        label="Models"
        empty="There is no model that you may see."
        rows={rows}
        columns={[
          { name: 'Name', of: (row) => row.model_name },
          { name: 'Is', of: (row) => row.litellm_params.model },
          {
            name: 'Input',
            isNumber: true,
            of: (row) => <PerMillion usd={row.model_info.input_cost_per_token} />,
          },
          {
            name: 'Cached',
            isNumber: true,
            of: (row) => <PerMillion usd={row.model_info.cache_read_input_token_cost} />,
          },
          {
            name: 'Output',
            isNumber: true,
            of: (row) => <PerMillion usd={row.model_info.output_cost_per_token} />,
          },
          {
            name: 'Price from',
            of: ({ model_info: info }) => info.price_source ?? 'nobody: refused to budgets',
          },
        ]}
      />
    </Page>
  )
}
