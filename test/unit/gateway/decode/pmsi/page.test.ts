/** docs/formats/pmsi.md is what the mapping does (`npx vitest run --project unit test/unit/gateway/decode/pmsi/page -u` writes it). */
import { expect, test } from 'vitest'
import { rum, vidHosp } from '../../../../helpers/pmsi-lines.ts'
import { contractOf } from '../../harness.ts'
import { outcome } from './lines.ts'
import { MAPS, page } from './page.ts'

test('the page is current', async () => {
  const lines = [
    vidHosp({ 374: '279031234567811' }),
    rum({}, { associated: ['E119'], documentary: ['Z8500'], acts: [{ code: 'DDQH009', extension: '-02' }] }),
  ]
  const { records, refused, unmapped } = outcome(lines)
  expect(refused).toEqual([])
  const named = records.map(([feed, record]) => ({ feed, ...record }))
  await expect(page(lines, named, unmapped)).toMatchFileSnapshot('../../../../../docs/formats/pmsi.md')
})

test('each mapping names only fields of its feed, and every one that is required; that of stays has all', () => {
  for (const { feed, fields } of MAPS) {
    const contract = contractOf(feed).fields
    const names = contract.map(({ name }) => name)
    expect([feed, Object.keys(fields).filter((name) => !names.includes(name))]).toEqual([feed, []])
    const required = contract.filter((one) => !one.nullable && one.default === undefined).map(({ name }) => name)
    expect([feed, required.filter((name) => !(name in fields))]).toEqual([feed, []])
    if (feed === 'pmsi_stay') expect(Object.keys(fields)).toEqual(names)
  }
})
