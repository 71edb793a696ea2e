/** The checker of `npm run chaos` finds each thing that can be wrong: everything is planted here, in logs and tables in memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Checker, type CheckResult, checkerOf } from '../../../../loadtest/chaos/check/check.ts'
import { FINDING_CODES, type FindingCode } from '../../../../loadtest/chaos/check/findings.ts'
import type { LogMessage } from '../../../../loadtest/chaos/check/log.ts'
import type { QuarantineRow, StoredRow, Tables } from '../../../../loadtest/chaos/check/tables.ts'
import { openJournal } from '../../../../loadtest/chaos/load/journal.ts'
import { NONCE_EPOCH_MS } from '../../../../loadtest/chaos/load/records.ts'
import { TEXT_NAMES } from '../../../../loadtest/chaos/load/texts.ts'

const FEEDS = ['patient', 'observation'] as const
const RECEIVED = Date.UTC(2025, 0, 1, 10)
const HOUR = RECEIVED / 1000
const folder = mkdtempSync(join(tmpdir(), 'chainon-check-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const names = {
  first: (domain: string, value: string) => `p1_${domain}/${value}`,
  second: (_domain: string, value: string) => `p2_${value}`,
}
const recordName = (feed: string, id: string) => names.second('record', names.first('record', `a\0${feed}\0${id}`))
const patientName = (ipp: string) => names.second('patient', names.first('patient', `a\0${ipp}`))

/** Two patients that are one person; an observation with a correction, and one that a rule rejects. */
function world() {
  const identified = [
    message('identified', 'patient', 0, patient('p1', 'ipp-1', 1)),
    message('identified', 'patient', 1, patient('p2', 'ipp-2', 2)),
    message('identified', 'observation', 0, {
      ...observation('o1', 3, 0),
      comment: `Vu avec Mme ${TEXT_NAMES}, dossier ipp-1`,
    }),
    message('identified', 'observation', 1, observation('o1', 4, 1)),
    message('identified', 'observation', 2, observation('o2', 5, 0, Date.UTC(1850, 0, 1))),
  ]
  const pseudonymised = identified.map(({ feed, offset, record }) =>
    message('pseudonymised', feed, offset, {
      ...record,
      record_id: names.first('record', `a\0${feed}\0${String(record.record_id)}`),
      patient_id: names.first('patient', `a\0${String(record.patient_ipp)}`),
      _tokens: ['t1_traits_same'],
      ...('comment' in record ? { comment: 'Vu avec Mme [NAME], dossier [IPP]' } : {}),
    }),
  )
  const rows: Record<string, StoredRow[]> = {
    patient: [row('patient', 0, 'p1', 1, 'ipp-1'), row('patient', 1, 'p2', 2, 'ipp-2')],
    observation: [row('observation', 0, 'o1', 3, 'ipp-1'), row('observation', 1, 'o1', 4, 'ipp-1', 1)],
  }
  const quarantine: Record<string, QuarantineRow[]> = {
    patient: [],
    observation: [{ partition: 0, offset: 2, service: 'curate', rule: 'effective-after-1900' }],
  }
  const visible: Record<string, Map<string, number>> = {
    patient: new Map([
      [recordName('patient', 'p1'), 1],
      [recordName('patient', 'p2'), 2],
    ]),
    observation: new Map([[recordName('observation', 'o1'), 4]]),
  }
  const person = `pn_${patientName('ipp-1').slice(3)}`
  const links = new Map([
    [patientName('ipp-1'), { person, method: 'traits' }],
    [patientName('ipp-2'), { person, method: 'traits' }],
  ])
  const sent = identified.map(({ feed, record }, index) => ({
    nonce: index + 1,
    producer: 'a',
    feed,
    recordId: String(record.record_id),
    version: Number(record.record_version),
    cancelled: false,
    rejected: false,
  }))
  return {
    identified,
    pseudonymised,
    rows,
    quarantine,
    visible,
    links,
    sent,
    repeatedRows: [] as string[],
    counts: COUNTS,
  }
}
type World = ReturnType<typeof world>

function message(
  zone: LogMessage['zone'],
  feed: string,
  offset: number,
  record: Readonly<Record<string, unknown>>,
): LogMessage {
  return {
    zone,
    feed,
    partition: 0,
    offset,
    origin: offset,
    incarnation: undefined,
    name: `org.chainon.feed.${zone}.${feed}`,
    record,
    stampUnitMs: 1,
  }
}

const common = (id: string, ipp: string, version: number) => ({
  record_id: id,
  record_version: version,
  operation: 'upsert',
  patient_ipp: ipp,
  _producer: 'a',
  _received_at: RECEIVED,
})

function patient(id: string, ipp: string, nonce: number) {
  return { ...common(id, ipp, 0), sex: 'female', updated_at: NONCE_EPOCH_MS + nonce * 1000 }
}

function observation(id: string, nonce: number, version: number, at = RECEIVED) {
  return {
    ...common(id, 'ipp-1', version),
    code_system: 'other',
    code: 'X1',
    effective_at: at,
    value_number: nonce,
    value_unit: 'g',
  }
}

function row(feed: string, offset: number, id: string, nonce: number, ipp: string, version = 0): StoredRow {
  const recordId = recordName(feed, id)
  return { partition: 0, offset, recordId, version, nonce, patientId: patientName(ipp), deleted: false, flags: [] }
}

/** The counts of this world, by hand. */
const COUNTS: ReadonlyMap<string, { checked: number; failed: number; notApplicable: number }> = new Map(
  (
    [
      ['patient', 'version-not-negative', 'reject', 2, 0, 0],
      ['patient', 'not-in-future', 'reject', 2, 0, 0],
      ['patient', 'ins-key', 'flag', 0, 0, 2],
      ['patient', 'nir-key', 'flag', 0, 0, 2],
      ['patient', 'hl7-0445', 'flag', 0, 0, 2],
      ['patient', 'guard-identity-status', 'flag', 0, 0, 2],
      ['patient', 'guard-deceased-on', 'flag', 0, 0, 2],
      ['patient', 'birth-after-1900', 'reject', 0, 0, 2],
      ['patient', 'birth-not-in-future', 'reject', 0, 0, 2],
      ['patient', 'insee-commune', 'flag', 0, 0, 2],
      ['patient', 'death-not-in-future', 'reject', 0, 0, 2],
      ['observation', 'version-not-negative', 'reject', 3, 0, 0],
      ['observation', 'loinc-form', 'flag', 0, 0, 3],
      ['observation', 'loinc-key', 'flag', 0, 0, 3],
      ['observation', 'guard-code', 'flag', 3, 0, 0],
      ['observation', 'guard-value-number', 'flag', 3, 0, 0],
      ['observation', 'guard-value-unit', 'flag', 3, 0, 0],
      ['observation', 'guard-value-code', 'flag', 0, 0, 3],
      ['observation', 'guard-reference-low', 'flag', 0, 0, 3],
      ['observation', 'guard-reference-high', 'flag', 0, 0, 3],
      ['observation', 'guard-value-comparator', 'reject', 0, 0, 3],
      ['observation', 'guard-value-low', 'flag', 0, 0, 3],
      ['observation', 'guard-value-high', 'flag', 0, 0, 3],
      ['observation', 'guard-value-numerator', 'flag', 0, 0, 3],
      ['observation', 'guard-value-denominator', 'flag', 0, 0, 3],
      ['observation', 'guard-value-at', 'flag', 0, 0, 3],
      ['observation', 'guard-value-until', 'flag', 0, 0, 3],
      ['observation', 'guard-value-time', 'flag', 0, 0, 3],
      ['observation', 'guard-value-absent-reason', 'flag', 0, 0, 3],
      ['observation', 'guard-code-source', 'flag', 0, 0, 3],
      ['observation', 'text-comment-binary', 'flag', 1, 0, 2],
      ['observation', 'text-comment-encoding', 'flag', 1, 0, 2],
      ['observation', 'text-comment-markup', 'flag', 1, 0, 2],
      ['observation', 'text-comment-language', 'flag', 1, 0, 2],
      ['observation', 'text-value-text-binary', 'flag', 0, 0, 3],
      ['observation', 'text-value-text-encoding', 'flag', 0, 0, 3],
      ['observation', 'text-value-text-markup', 'flag', 0, 0, 3],
      ['observation', 'text-value-text-language', 'flag', 0, 0, 3],
      ['observation', 'effective-after-1900', 'reject', 3, 1, 0],
      ['observation', 'not-in-future', 'reject', 3, 0, 0],
      ['observation', 'reference-range-order', 'flag', 0, 0, 3],
      ['observation', 'number-has-unit', 'flag', 3, 0, 0],
    ] as const
  ).map(([feed, rule, severity, checked, failed, notApplicable]) => [
    `${feed}|a|${HOUR}|${rule}|${severity}`,
    { checked, failed, notApplicable },
  ]),
)

function tablesOf(of: World): Tables {
  return {
    refresh: async () => undefined,
    rows: async ({ feed, from, to }) => of.rows[feed]?.filter(({ offset }) => offset >= from && offset < to) ?? [],
    quarantine: async ({ feed, from, to }) =>
      of.quarantine[feed]?.filter(({ offset }) => offset >= from && offset < to) ?? [],
    repeated: async () => of.repeatedRows,
    repeatedQuarantine: async () => [],
    visible: async (feed) => of.visible[feed] ?? new Map(),
    visibleCount: async (feed) => of.visible[feed]?.size ?? 0,
    ruleCounts: async () => of.counts,
    links: async () => of.links,
    repeatedLinks: async () => [],
    close: async () => undefined,
  }
}

async function checkedWorld<T>(of: World, work: (checker: Checker) => Promise<T>): Promise<T> {
  const journal = openJournal(join(folder, 'journal.ndjson'))
  journal.sent(of.sent)
  journal.accepted(of.sent, 'rcp')
  const feedsFolder = join(import.meta.dirname, '../../../../schemas/feeds')
  const messages = [...of.identified, ...of.pseudonymised]
  const log = {
    read: async () => messages.splice(0),
    restart: () => undefined,
    close: async () => undefined,
  }
  try {
    return await work(checkerOf({ log, tables: tablesOf(of), names, journal, feedsFolder, feeds: FEEDS }))
  } finally {
    await journal.close()
  }
}

const codesOf = ({ findings }: CheckResult): FindingCode[] => findings.map(({ code }) => code)
const findingsOf = (of: World) => checkedWorld(of, async (checker) => codesOf(await checker.check()))

const changed = <T extends object>(one: T | undefined, more: Partial<T>): T => ({ ...(one as T), ...more })

const PLANTED: Readonly<Record<FindingCode, (of: World) => void>> = {
  'accepted-not-in-log': (of) => void of.sent.push(changed(of.sent[0], { nonce: 99 })),
  'log-doubled': (of) => {
    of.identified.push(changed(of.identified[3], { offset: 3, origin: 3 }))
    of.pseudonymised.push(changed(of.pseudonymised[3], { offset: 3, origin: 3 }))
    of.rows.observation?.push(row('observation', 3, 'o1', 4, 'ipp-1', 1))
  },
  'not-pseudonymised': (of) => void of.pseudonymised.pop(),
  'wrong-message': (of) => void of.pseudonymised.push(changed(of.pseudonymised[0], { record: { record_id: 'other' } })),
  'text-not-scrubbed': (of) => {
    const one = of.pseudonymised[2]
    of.pseudonymised.splice(
      2,
      1,
      changed(one, { record: { ...one?.record, comment: 'Vu avec Mme [NAME], dossier ipp-1' } }),
    )
  },
  'out-of-order': (of) => void of.pseudonymised.splice(2, 2, ...of.pseudonymised.slice(2, 4).toReversed()),
  // The version in force: a superseded row may have been merged away.
  lost: (of) => void of.rows.observation?.pop(),
  doubled: (of) => void of.repeatedRows.push('0:1'),
  'wrong-row': (of) => void of.rows.patient?.splice(0, 1, row('patient', 0, 'p1', 1, 'ipp-2')),
  'foreign-row': (of) => {
    of.identified.push(message('identified', 'patient', 3, patient('p3', 'ipp-3', 6)))
    of.rows.patient?.push(row('patient', 2, 'p9', 9, 'ipp-9'))
  },
  'wrong-version': (of) => void of.visible.observation?.set(recordName('observation', 'o1'), 3),
  'wrong-quarantine': (of) =>
    void of.quarantine.observation?.splice(0, 1, { partition: 0, offset: 2, service: 'curate', rule: 'not-in-future' }),
  'wrong-rule-count': (of) => {
    const key = `observation|a|${HOUR}|number-has-unit|flag`
    of.counts = new Map(COUNTS).set(key, { checked: 4, failed: 0, notApplicable: 0 })
  },
  'wrong-link': (of) => void of.links.set(patientName('ipp-2'), { person: 'pn_other', method: 'traits' }),
}

describe('the checker', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await findingsOf(world())).toEqual([])
  })

  it.each([
    ['that is missing', null],
    ['that has the name', `Vu avec Mme ${TEXT_NAMES}, dossier [IPP]`],
  ])('finds a text %s', async (_what, comment) => {
    const of = world()
    const one = of.pseudonymised[2]
    of.pseudonymised.splice(2, 1, changed(one, { record: { ...one?.record, comment } }))
    expect(await findingsOf(of)).toEqual(['text-not-scrubbed'])
  })

  it('does not miss a superseded row that ClickHouse has merged away', async () => {
    const of = world()
    of.rows.observation?.shift()
    expect(await findingsOf(of)).toEqual([])
  })

  it('accepts a message that was written again with a field that the contract has got since', async () => {
    const of = world()
    const [first] = of.pseudonymised
    of.pseudonymised.push(changed(first, { record: { ...first?.record, added: null } }))
    expect(await findingsOf(of)).toEqual([])
  })

  it('accepts that what was loaded before a field came does not count its rule, and nothing else', async () => {
    const key = `observation|a|${HOUR}|reference-range-order|flag`
    const counts = COUNTS.get(key) ?? { checked: 0, failed: 0, notApplicable: 0 }
    const { notApplicable } = counts
    const foundWith = (more: Partial<typeof counts>) => {
      const of = world()
      of.counts = new Map(COUNTS).set(key, { ...counts, ...more })
      return checkedWorld(of, async (checker) => {
        checker.ruleAdded('observation', 'reference-range-order')
        return codesOf(await checker.check())
      })
    }
    expect(notApplicable).toBeGreaterThan(0)
    expect(await foundWith({ notApplicable: notApplicable - 1 })).toEqual([])
    expect(await foundWith({ notApplicable: notApplicable + 1 })).toEqual(['wrong-rule-count'])
    expect(await foundWith({ checked: counts.checked + 1 })).toEqual(['wrong-rule-count'])
  })

  it('finds again what a later check is asked to compare again', async () => {
    const of = world()
    const found = await checkedWorld(of, async (checker) => {
      const first = codesOf(await checker.check())
      of.rows.patient?.pop()
      const since = codesOf(await checker.check())
      return { first, since, again: codesOf(await checker.check(true)) }
    })
    expect(found).toEqual({ first: [], since: [], again: ['lost'] })
  })

  it.each(FINDING_CODES)('finds: %s', async (code) => {
    const of = world()
    PLANTED[code](of)
    expect(await findingsOf(of)).toContain(code)
  })
})
