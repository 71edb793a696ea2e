/** The report of a circuit of hashed identifiers: whom it could find is told, and no precision that nothing says. */
import { expect, test } from 'vitest'
import { outcomeText } from '../../../../services/extract/external/output.ts'
import { pageOf } from '../../../../services/extract/external/page.ts'
import { reportOf } from '../../../../services/extract/external/report.ts'

const WINDOW = {
  ...{ opened: '2026-11-01T00:00:00.000Z', closed: '2026-11-30T00:00:00.000Z', processes: 2 },
  ...{ compared_since: '2026-11-01T00:00:01.000Z', compared_until: '', compared: 2000, numbered: 1500 },
}
const link = (n: number, probability: number | null) => ({
  ...{ ticket: `t${n}`, person: `p${n}`, pass: 'hashed number', probability },
})
const report = (probability: number | null) =>
  reportOf({
    ...{ id: '0'.repeat(16), project: 'study', made: { at: '2026-11-30', by: 'os:x', chainon: '1' }, expires: null },
    ...{ circuit: 'hashed', subjects: 30, completeness: [], window: WINDOW },
    comparedWith: { what: 'records', count: 2000 },
    decided: { linked: Array.from({ length: 30 }, (_, n) => link(n, probability)), unlinked: new Map() },
  })

test('the window, as counts of records; of links by hash alone no expectation', () => {
  expect(report(null)).toMatchObject({
    ...{ circuit: 'hashed', expected_precision: null, completeness: [] },
    passes: [{ pass: 'hashed number', linked: 30, expected_false: null }],
    window: { compared_until: null, records_compared: 2000, with_number: 0.75, processes: 2 },
  })
  expect(report(null).method[0]).toContain('HMAC-SHA-256')
  // Where it is known it is told.
  expect(report(0.75)).toMatchObject({ expected_precision: 0.75, passes: [{ expected_false: '<11' }] })
  expect(outcomeText({ kind: 'dry-run', subjects: 30, linked: 30, report: report(null) }, undefined)).toContain(
    'Compared from 2026-11-01T00:00:01.000Z to -: 2000 records, of which a share of 0.75 has a number',
  )
  const page = pageOf(report(null))
  expect(page).toContain('<h2>Whom it could find</h2>')
  expect(page).not.toContain('Completeness')
})
