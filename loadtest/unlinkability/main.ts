/**
 * `npx node loadtest/unlinkability/main.ts [--patients N] [--records N] [--seed N]`: how well protected columns join the same simulated
 * persons in two extractions, whose pseudonyms differ, and with a list of true dates that somebody has from elsewhere. Needs no server.
 * Writes loadtest/results/<date>-unlinkability.txt.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { machine } from '../machine.ts'
import { decidedByK } from './by-k.ts'
import { type Joined, joined } from './measure.ts'
import { readFeed, tableOf, type Variant } from './tables.ts'

const ROOT = join(import.meta.dirname, '../..')
const { values: flags } = parseArgs({
  options: {
    patients: { type: 'string', default: '8000' },
    records: { type: 'string', default: '120000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: join(ROOT, 'loadtest/results') },
  },
})

const rounded = (digits: number) => ({ value_number: { class: 'none', action: 'round', digits } as const })
const WITHIN = { within: 182 }
const WEEKS = { within: 182, weekday: 'keep' } as const
const shifted = (field: string) => ({ [field]: { class: 'date', action: 'shift' } as const })
const cut = (field: string, to: 'month' | 'quarter' | 'year') => ({
  [field]: { class: 'date', action: 'truncate', to } as const,
})
const K = 11
const LABEL = 62
const VALUES = ['code', 'value_number']
const BANDS = [0, 1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90]
const BIRTH = { class: 'trait', at: 'updated_at', action: 'generalise', as: 'birth' } as const

/** Two extractions have these columns of the same persons. */
const EXTRACTIONS: readonly (readonly [string, Variant])[] = [
  ['results: code, value, time', { feed: 'observation', fields: [...VALUES, 'effective_at'] }],
  ['results: code, value', { feed: 'observation', fields: VALUES }],
  ['results: code, value to 3 digits', { feed: 'observation', fields: VALUES, privacy: rounded(3) }],
  ['results: code, value to 2 digits', { feed: 'observation', fields: VALUES, privacy: rounded(2) }],
  ['results: code, value to 1 digit', { feed: 'observation', fields: VALUES, privacy: rounded(1) }],
  [
    'results: code, value in bins of powers of 10',
    {
      feed: 'observation',
      fields: VALUES,
      privacy: {
        value_number: { class: 'none', action: 'generalise', to: 'bins', edges: [1, 10, 100, 1000], as: 'bin' },
      },
    },
  ],
  ['results: code', { feed: 'observation', fields: ['code'] }],
  [
    'results: code, value to 2 digits, month',
    {
      feed: 'observation',
      fields: [...VALUES, 'effective_at'],
      privacy: { ...rounded(2), ...cut('effective_at', 'month') },
    },
  ],
  ['diagnoses: code', { feed: 'diagnosis', fields: ['code'] }],
  ['stays: start', { feed: 'encounter', fields: ['started_at'] }],
  ['stays: day of start', { feed: 'encounter', fields: ['started_at'], times: 'day' }],
  [
    'stays: start, shifted',
    { feed: 'encounter', fields: ['started_at'], privacy: shifted('started_at'), shift: WITHIN },
  ],
  ['stays: distances between days', { feed: 'encounter', fields: ['started_at'], times: 'distances' }],
  ['stays: month of start', { feed: 'encounter', fields: ['started_at'], privacy: cut('started_at', 'month') }],
  ['stays: quarter of start', { feed: 'encounter', fields: ['started_at'], privacy: cut('started_at', 'quarter') }],
  ['stays: year of start', { feed: 'encounter', fields: ['started_at'], privacy: cut('started_at', 'year') }],
  [
    'stays: month of start, unit',
    { feed: 'encounter', fields: ['started_at', 'care_unit'], privacy: cut('started_at', 'month') },
  ],
  ['patients: birth month, sex, department', { feed: 'patient', fields: ['birth_date', 'sex', 'postcode'] }],
  [
    'patients: birth year (top 90), sex, department',
    {
      feed: 'patient',
      fields: ['birth_date', 'sex', 'postcode'],
      privacy: { birth_date: { ...BIRTH, to: 'birth_year' } },
    },
  ],
  [
    'patients: age in fives (top 90), sex, department',
    {
      feed: 'patient',
      fields: ['birth_date', 'sex', 'postcode'],
      privacy: { birth_date: { ...BIRTH, to: 'age_band', edges: BANDS } },
    },
  ],
]

const STAYS = { feed: 'encounter', fields: ['started_at'] } as const
const KNOWN_DAYS: Variant = { ...STAYS, times: 'day' }
const KNOWN_DISTANCES: Variant = { ...STAYS, times: 'distances' }
/** Somebody has a list of the true days of every stay, and looks for its persons in what is published. */
const OUTSIDE: readonly (readonly [string, Variant, Variant])[] = [
  ['days, in days', KNOWN_DAYS, KNOWN_DAYS],
  ['days, in shifted days', KNOWN_DAYS, { ...STAYS, times: 'day', privacy: shifted('started_at'), shift: WITHIN }],
  [
    'days, in shifted days of the same weekday',
    KNOWN_DAYS,
    { ...STAYS, times: 'day', privacy: shifted('started_at'), shift: WEEKS },
  ],
  [
    'distances between days, in shifted days',
    KNOWN_DISTANCES,
    { ...STAYS, times: 'distances', privacy: shifted('started_at'), shift: WITHIN },
  ],
  [
    'months, in months',
    { ...STAYS, privacy: cut('started_at', 'month') },
    { ...STAYS, privacy: cut('started_at', 'month') },
  ],
]

/** A project decides by k on these: what is as it is, and what each step leaves. */
const PERSON = ['birth_date', 'sex', 'postcode'] as const
const birth = (to: 'birth_year' | 'age_band', edges?: readonly number[]): Variant => ({
  feed: 'patient',
  fields: PERSON,
  privacy: { birth_date: { ...BIRTH, to, ...(edges && { edges: [...edges] }) } },
})
const DECADES = BANDS.filter((age) => age % 10 === 0)
const BY_K: readonly (readonly [string, readonly Variant[]])[] = [
  [
    'patients: birth year, in fives, in tens; without department',
    [
      birth('birth_year'),
      birth('age_band', BANDS),
      birth('age_band', DECADES),
      { ...birth('age_band', DECADES), fields: ['birth_date', 'sex'] },
    ],
  ],
  [
    'stays: day, month, quarter, year of start, unit; without unit',
    [
      { feed: 'encounter', fields: ['started_at', 'care_unit'], times: 'day' },
      ...(['month', 'quarter', 'year'] as const).map((to) => ({
        feed: 'encounter',
        fields: ['started_at', 'care_unit'],
        privacy: cut('started_at', to),
      })),
      { feed: 'encounter', fields: ['started_at'], privacy: cut('started_at', 'year') },
    ],
  ],
  ['diagnoses: code', [{ feed: 'diagnosis', fields: ['code'] }]],
  [
    'results: code, value to 2, 1 digits; without value',
    [
      { feed: 'observation', fields: VALUES, privacy: rounded(2) },
      { feed: 'observation', fields: VALUES, privacy: rounded(1) },
      { feed: 'observation', fields: ['code'] },
    ],
  ],
]
const SUPPRESSED = [0, 0.05, 0.2, 1]

/** Two projects that decide `shift` for dates of care: each moves them by days of its own. */
const OTHER_DAYS: readonly (readonly [string, Variant])[] = [
  [
    'stays: day of start, shifted by project',
    { ...STAYS, times: 'day', privacy: shifted('started_at'), shift: WITHIN },
  ],
  [
    'stays: distances between days, shifted by project',
    { ...STAYS, times: 'distances', privacy: shifted('started_at'), shift: WITHIN },
  ],
]

const folder = mkdtempSync(join(tmpdir(), 'chainon-unlinkability-'))
try {
  const options = ['--hospitals', '3', '--patients', flags.patients, '--records', flags.records, '--seed', flags.seed]
  execFileSync(
    process.execPath,
    [join(ROOT, 'services/synthetic/main.ts'), 'simulate', ...options, '--rate', '0', '--out', folder],
    { stdio: 'ignore' },
  )
  const contracts = new Map(loadContracts(join(ROOT, 'schemas/feeds')).map((contract) => [contract.feed, contract]))
  const secret = (name: string) => createHash('sha256').update(`${name} ${flags.seed}`).digest()
  const [level1, other] = [pseudonymiser(1, secret('one')), pseudonymiser(1, secret('other'))]
  const feeds = new Map(
    [...new Set(EXTRACTIONS.map(([, { feed }]) => feed))].map((feed) => {
      const contract = contracts.get(feed)
      if (!contract) throw new Error(`there is no feed ${feed}`)
      return [feed, { contract, rows: readFeed(folder, contract) }] as const
    }),
  )
  const table = (variant: Variant, by = level1) => {
    const feed = feeds.get(variant.feed)
    if (!feed) throw new Error(`the feed ${variant.feed} was not read`)
    return tableOf(feed.contract, feed.rows, variant, by)
  }
  const byK: string[] = []
  for (const [label, variants] of BY_K) {
    const levels = variants.map((variant) => table(variant))
    byK.push(line(label, joined(first(levels), first(levels))))
    for (const share of SUPPRESSED) {
      const decided = await decidedByK(levels, K, share)
      const name = `  rows of up to ${100 * share} % left out: ${decided.steps} of ${levels.length - 1} steps`
      byK.push(
        decided.isRefused
          ? `${name.padEnd(LABEL)}   refused`
          : `${line(name, joined(decided.table, decided.table))}${part(decided.rows)}${part(decided.persons)}`,
      )
    }
  }
  const date = new Date().toISOString()
  const text = `${date}  ${machine()}
npx node loadtest/unlinkability/main.ts --patients ${flags.patients} --records ${flags.records} --seed ${flags.seed}

Share of the persons who have such rows that a join finds: by one row that nobody else has, and by all rows of a person together. Invented
persons of three hospitals over two years; a patient of two hospitals counts twice.

${line('two extractions, of which the pseudonyms differ', undefined)}
${EXTRACTIONS.map(([label, variant]) => {
  const one = table(variant)
  return line(label, joined(one, one))
}).join('\n')}
${OTHER_DAYS.map(([label, variant]) => line(label, joined(table(variant), table(variant, other)))).join('\n')}

${line(`decided by k = ${K}, in two extractions`, undefined)}${'rows left'.padStart(11)}${'persons'.padStart(11)}
${byK.join('\n')}

${line('a list of true days from elsewhere, and what is published', undefined)}
${OUTSIDE.map(([label, known, published]) => line(label, joined(table(known), table(published)))).join('\n')}
`
  process.stdout.write(text)
  mkdirSync(flags.out, { recursive: true })
  writeFileSync(join(flags.out, `${date.slice(0, 10)}-unlinkability.txt`), text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function line(label: string, found: Joined | undefined): string {
  const cells = found
    ? [String(found.persons), share(found.byRow, found), share(found.byAll, found), share(found.wrong, found)]
    : ['persons', 'by row', 'by all', 'wrong']
  return `${label.padEnd(LABEL)}${cells.map((cell) => cell.padStart(10)).join('')}`
}

/** What is left, as a share. */
function part([before, after]: readonly [number, number]): string {
  return `${((100 * after) / before).toFixed(1)} %`.padStart(11)
}

function first<T>([one]: readonly T[]): T {
  if (one === undefined) throw new Error('nothing to measure')
  return one
}

function share(count: number, { persons }: Joined): string {
  return persons === 0 ? '-' : `${((100 * count) / persons).toFixed(1)} %`
}
