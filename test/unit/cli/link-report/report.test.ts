/** The report and its page: every item has a state, no small count, no value of a record, nothing that is fetched. */
import { expect, test } from 'vitest'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { Survey } from '#core/linkage/survey.ts'
import { reportPage } from '../../../../services/cli/link-report/page.ts'
import { linkReport } from '../../../../services/cli/link-report/report.ts'
import type { WarehouseCounts } from '../../../../services/cli/link-report/warehouse.ts'
import { encoding } from '../../../../services/linker/evaluate/encoding.ts'
import { learn } from '../../../../services/linker/evaluate/learn.ts'
import { surveyIndex } from '../../../../services/linker/inspect/survey.ts'
import { leaked, memoryIndex, valuesIn } from '../../../helpers/memory-index.ts'
import { simulatedSet } from '../../../helpers/simulated-set.ts'

const data = simulatedSet(1000)
const form = encoding(data)
const trained = learn(data, false, { budget: 100, hub: 100 }, () => undefined)
const level1 = pseudonymiser(1, Buffer.alloc(32, 3))
const records = Array.from(data.ids, (_, n) => ({
  id: `patient/${level1.pseudonym('record', `${n}`)}`,
  label: level1.pseudonym('patient', `${n}`),
  written: n < 5 ? undefined : data.record(n),
}))
const index = memoryIndex(records, form, trained)
const survey: Survey = await surveyIndex(index, { name: 'main', feeds: undefined, sample: 10_000 })
const made = { at: '2026-01-02T03:04:05.000Z', by: 'os:ana', chainon: '1.0.0' }
const warehouse: WarehouseCounts = {
  patients: 1000,
  persons: 700,
  sources: [
    { value: 'chu-<a>', patients: 600, linked: 300 },
    { value: 'chu-b', patients: 393, linked: 300 },
    { value: 'chu-c', patients: 7, linked: 3 },
  ],
  ofBoth: null,
  subgroups: new Map([
    ['sex', [{ value: 'female', patients: 500, linked: 496 }]],
    ['decade of birth', undefined],
  ]),
  inForce: [{ method: 'ins', patients: 900 }],
  scored: [{ method: 'scored', patients: 900 }],
  agreement: { patients: 880, both: 300, exactAlone: 4, modelAlone: 40 },
}
const unreviewed = { not_available: 'no sample of links was reviewed by people' }
const report = linkReport(survey, warehouse, unreviewed, { kind: 'installation' }, made)
const page = reportPage(report)

test('each item is present with its place, or not available with the reason', () => {
  expect(report.items.length).toBeGreaterThan(20)
  for (const { state, where } of report.items) {
    expect(['present', 'not available']).toContain(state)
    expect(where.length).toBeGreaterThan(3)
    if (state === 'present')
      for (const part of where.split(';')[0]?.split(', ') ?? []) expect(report).toHaveProperty(part)
  }
  const clerical = report.items.find(({ what }) => what === 'false links, by clerical review')
  expect(clerical).toMatchObject({ state: 'not available', where: 'no sample of links was reviewed by people' })
})

test('exact links are counted beside the model, and what only one of both links is never a small number', () => {
  expect(report.agreement).toEqual({ patients: 880, pairs: { both: 300, exact_alone: '<11', model_alone: '<11' } })
  expect(page).toContain('pairs of one person for both')
})

test('of a clerical sample there are the share of false links and its interval, of each band and of all', () => {
  const band = { from: 0.9, to: 0.99, links: 7, judged: 20, false: 1, open: 2, share: 0.05 }
  const estimate = { bands: [{ ...band, interval: [0.009, 0.236] as const }], all: null }
  const reviewed = linkReport(survey, warehouse, estimate, { kind: 'installation' }, made)
  expect(reviewed.items.find(({ what }) => what === 'false links, by clerical review')?.state).toBe('present')
  expect(reviewed.false_links.clerical).toMatchObject({
    false_links: 'unknown: of a band with links none is judged',
    judged: 20,
    'probability 0.9 to 0.99': '<11 links, 20 judged, 2 open: 5.0 % (95 %: 0.9 to 23.6 %)',
  })
  const all = linkReport(
    survey,
    warehouse,
    { ...estimate, all: { share: 0.05, interval: [0.01, 0.2] } },
    { kind: 'installation' },
    made,
  )
  expect(reportPage(all)).toContain('5.0 % (95 %: 1.0 to 20.0 %)')
})

test('without the warehouse, numbers or links in common, the reason stands where the figures would', () => {
  const none = { ...survey, silver: null, passes: { ...survey.passes, both: 3 } }
  const without = linkReport(none, { not_available: 'it was not asked' }, unreviewed, { kind: 'installation' }, made)
  expect(without.rates).toEqual({ not_available: 'it was not asked' })
  expect(without.missed.silver).toHaveProperty('not_available')
  expect(without.missed.recapture).toHaveProperty('not_available')
  expect(without.items.filter(({ state }) => state === 'not available').length).toBeGreaterThan(
    report.items.filter(({ state }) => state === 'not available').length,
  )
  expect(reportPage(without)).toContain('not available: it was not asked')
})

test('no count from 1 to 10 is in it, and shares that would tell one are masked', () => {
  expect(report.records.cancelled).toBe('<11')
  expect(report.sources).toMatchObject({
    rows: [{ patients: 600 }, { patients: '<11' }, { patients: '<11', linked_share: '<11' }],
  })
  expect(report.rates).toMatchObject({ subgroups: [{ rows: [{ patients: 500, linked_share: '<11' }] }, {}] })
  const counts = [
    ...report.weights.flatMap(({ pairs, expected_matches: matches }) => [pairs, matches]),
    ...report.passes.rows.flatMap(({ links, found_by_it_alone: only }) => [links, only]),
    ...report.persons.by_patients.map(({ persons }) => persons),
    ...report.thresholds.map(({ links }) => links),
    ...Object.values(report.sample),
  ]
  expect(counts.filter((count) => typeof count === 'number' && count > 0 && count < 11)).toEqual([])
  expect(counts).toContain('<11')
  // Nor by a difference of two that are shown.
  const { links } = report.passes
  const parts = [...report.thresholds, ...report.passes.rows].map((one) => one.links)
  const rests = parts.flatMap((part) => (part === '<11' || links === '<11' ? [] : [Math.abs(links - part)]))
  expect(rests.filter((rest) => rest > 0 && rest < 11)).toEqual([])
  expect(rests.length).toBeGreaterThan(5)
})

test('no pseudonym, value, filter or token is in the JSON or on the page', () => {
  const all = `${JSON.stringify(report)}\n${page}`
  expect(all).not.toContain('p1_')
  expect(leaked(all, index.secrets)).toEqual([])
  // Words of the page's own, which are values too.
  const own = new Set(['female', 'male'])
  const values = records.flatMap(({ written }) => Object.values(written ?? {}))
  expect(valuesIn(all, values).filter((value) => !own.has(value.toLowerCase()))).toEqual([])
})

test('the page is one file: nothing is fetched, nothing runs, names from outside are escaped', () => {
  expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\//)
  expect(page).toContain('chu-&lt;a&gt;')
  expect(page).not.toContain('chu-<a>')
  expect(page).toContain("default-src 'none'")
  for (const part of ['Links by pass', 'False links', 'Items of GUILD and RECORD']) expect(page).toContain(part)
})
