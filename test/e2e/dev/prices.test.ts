import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CATALOG_FILE, compileCatalog } from '../../../dev/prices.ts'

it('has the catalog that the locked package compiles to: else run `npm run prices`', async () => {
  const isSame = readFileSync(CATALOG_FILE, 'utf8') === (await compileCatalog())
  expect(isSame).toBe(true)
})
