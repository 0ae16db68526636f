import type { FormField } from '../parts/form.tsx'
import { Head, Live, LIVE, Page } from '../parts/page.tsx'
import { Search } from '../parts/search.tsx'
import { Pager } from '../parts/table.tsx'
import type { Viewer } from '../viewer.ts'
import type { KeyPageList } from './rows.ts'
import { Keys } from './table.tsx'

export interface KeysQuery {
  readonly key_alias: string
  readonly team_id: string
  readonly user_id: string
  readonly sort_by: string
}

interface KeysProps {
  readonly viewer: Viewer
  readonly list: KeyPageList
  readonly asked: KeysQuery
}

const FILTERS: readonly FormField[] = [
  { name: 'key_alias', label: 'Name' },
  { name: 'team_id', label: 'Team id' },
  { name: 'user_id', label: 'User id' },
  {
    name: 'sort_by',
    label: 'Order',
    kind: 'choice',
    options: [
      ['created_at', 'newest first'],
      ['spend', 'most spent first'],
    ],
  },
]

export function KeyList({ viewer, list, asked }: KeysProps) {
  const { keys, total_count: total, current_page: page, total_pages: pages } = list
  const values = { ...asked }
  return (
    <Page title="Keys" viewer={viewer} at="/ui/keys" scripts={LIVE}>
      <Head title="Keys">
        {viewer.mayChange && (
          <a class="button" href="/ui/keys/new">
            Create key
          </a>
        )}
      </Head>
      <Search fields={FILTERS} values={values} />
      <Live id="keys">
        <Keys keys={keys} empty="No key fits." />
        <p class="note">{total.toLocaleString('en-US')} in all.</p>
      </Live>
      <Pager label="Pages of keys" page={page} pages={pages} asked={values} />
    </Page>
  )
}
