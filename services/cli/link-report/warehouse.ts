/**
 * Aggregated counts of the warehouse: how many patients are linked, by producer, sex and decade of birth. The linker never reads what is there; here only
 * counts leave it.
 */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { tableOf } from '#core/contract/names.ts'
import { columnsOf, quote } from '#core/contract/table.ts'
import type { FeedContract, LinkageRole } from '#core/contract/types.ts'

export interface Rate {
  readonly value: string
  readonly patients: number
  readonly linked: number
}

export interface WarehouseCounts {
  readonly patients: number
  readonly persons: number
  /** By producer, or by feed where two feeds are compared. */
  readonly sources: readonly Rate[]
  /** Persons of both; null without a pair. */
  readonly ofBoth: number | null
  /** By the name of the subgroup; undefined where the warehouse has no column for it. */
  readonly subgroups: ReadonlyMap<string, readonly Rate[] | undefined>
  /** Patients by the method that links them: in force (exact tokens), and by the model. */
  readonly inForce: readonly { readonly method: string; readonly patients: number }[]
  readonly scored: readonly { readonly method: string; readonly patients: number }[]
  readonly agreement: Agreement
}

/** The persons of the exact links beside those of the model, of the patients whom both have. */
export interface Agreement {
  readonly patients: number
  /** Pairs of patients that are of one person: for both, for the exact links alone, for the model alone. */
  readonly both: number
  readonly exactAlone: number
  readonly modelAlone: number
}

/** What is compared: all, two feeds, or two producers. */
export type Scope =
  | { readonly kind: 'installation' }
  | { readonly kind: 'feeds' | 'producers'; readonly pair: readonly [string, string] }

const SUBGROUPS: readonly {
  readonly name: string
  readonly role: LinkageRole
  readonly value: (column: string) => string
}[] = [
  { name: 'sex', role: 'sex', value: (column) => `toString(${column})` },
  {
    name: 'decade of birth',
    role: 'birth_date',
    value: (column) => `if(isNull(${column}), 'unknown', concat(toString(intDiv(toYear(${column}), 10) * 10), 's'))`,
  },
]

interface Counted {
  readonly value: string
  readonly patients: string
  readonly linked: string
}

/** @param contracts of the linked feeds */
export async function readWarehouse(
  clickhouse: ClickHouseClient,
  contracts: readonly FeedContract[],
  scope: Scope,
): Promise<WarehouseCounts> {
  const rows = async <T>(query: string, query_params: Record<string, unknown> = {}) =>
    (await clickhouse.query({ query, query_params, format: 'JSONEachRow' })).json<T>()
  const pair = scope.kind === 'installation' ? undefined : scope.pair
  const members = membersSql(contracts, scope)
  const params = pair ? { a: pair[0], b: pair[1] } : {}
  // A patient without a link is a person of its own. Linked: the person has another patient, or one of the other source.
  const people = `SELECT m.patient_id AS patient_id, m.source AS source, if(l.person_id = '', m.patient_id, l.person_id) AS person,
    uniqExact(${pair ? 'm.source' : 'm.patient_id'}) OVER (PARTITION BY if(l.person_id = '', m.patient_id, l.person_id)) > 1 AS is_linked
    FROM (${members}) AS m LEFT JOIN (SELECT patient_id, person_id FROM person_link_scored_current) AS l ON l.patient_id = m.patient_id`
  const counted =
    'toString(uniqExact(p.patient_id)) AS patients, toString(uniqExactIf(p.patient_id, p.is_linked)) AS linked'
  const [totals] = await rows<{ patients: string; persons: string; both: string }>(
    `SELECT toString(uniqExact(patient_id)) AS patients, toString(uniqExact(person)) AS persons, toString(uniqExactIf(person, is_linked)) AS both FROM (${people})`,
    params,
  )
  const sources = await rows<Counted>(
    `SELECT p.source AS value, ${counted} FROM (${people}) AS p GROUP BY value ORDER BY value`,
    params,
  )
  const subgroups = new Map<string, readonly Rate[] | undefined>()
  for (const { name, role, value } of SUBGROUPS) {
    const read = placesOf(contracts, role).map(
      ({ table, subject, column }) =>
        `SELECT ${quote(subject)} AS patient_id, ${value(quote(column))} AS known FROM ${quote(table)} FINAL`,
    )
    if (read.length === 0) {
      subgroups.set(name, undefined)
      continue
    }
    const found = await rows<Counted>(
      `SELECT if(ifNull(t.known, '') = '', 'unknown', assumeNotNull(t.known)) AS value, ${counted} FROM (${people}) AS p
       LEFT JOIN (SELECT patient_id, anyIf(known, known NOT IN ('', 'unknown')) AS known FROM (${read.join(' UNION ALL ')}) GROUP BY patient_id) AS t
         ON t.patient_id = p.patient_id GROUP BY value ORDER BY value`,
      params,
    )
    subgroups.set(name, found.map(rateOf))
  }
  const methods = (view: string) =>
    rows<{ method: string; patients: string }>(
      `SELECT toString(method) AS method, toString(count()) AS patients FROM ${view} GROUP BY method ORDER BY method`,
    )
  const asNumbers = (found: readonly { readonly method: string; readonly patients: string }[]) =>
    found.map(({ method, patients }) => ({ method, patients: Number(patients) }))
  return {
    patients: Number(totals?.patients ?? 0),
    persons: Number(totals?.persons ?? 0),
    sources: sources.map(rateOf),
    ofBoth: pair ? Number(totals?.both ?? 0) : null,
    subgroups,
    inForce: asNumbers(await methods('person_link_current')),
    scored: asNumbers(await methods('person_link_scored_current')),
    agreement: await readAgreement(clickhouse),
  }
}

async function readAgreement(clickhouse: ClickHouseClient): Promise<Agreement> {
  const patients = `SELECT l.person_id AS exact, s.person_id AS scored FROM (SELECT patient_id, person_id FROM person_link_current) AS l
    INNER JOIN (SELECT patient_id, person_id FROM person_link_scored_current) AS s ON s.patient_id = l.patient_id`
  const pairs = (groups: string) =>
    `(SELECT sum(intDiv(n * (n - 1), 2)) FROM (SELECT count() AS n FROM together GROUP BY ${groups}))`
  const answer = await clickhouse.query({
    query: `WITH together AS (${patients}) SELECT toString((SELECT count() FROM together)) AS patients, toString(${pairs('exact, scored')}) AS both,
      toString(${pairs('exact')}) AS exact, toString(${pairs('scored')}) AS model`,
    format: 'JSONEachRow',
  })
  const [row] = await answer.json<Record<'patients' | 'both' | 'exact' | 'model', string>>()
  const both = Number(row?.both ?? 0)
  return {
    patients: Number(row?.patients ?? 0),
    both,
    exactAlone: Number(row?.exact ?? 0) - both,
    modelAlone: Number(row?.model ?? 0) - both,
  }
}

const rateOf = ({ value, patients, linked }: Counted): Rate => ({
  value,
  patients: Number(patients),
  linked: Number(linked),
})

function membersSql(contracts: readonly FeedContract[], scope: Scope): string {
  const of = (contract: FeedContract, source: string) =>
    `SELECT DISTINCT ${quote(subjectOf(contract))} AS patient_id, ${source} AS source FROM ${quote(tableOf(contract.feed))} FINAL`
  if (scope.kind !== 'feeds') {
    const all = contracts.map((contract) => of(contract, 'toString(_producer)')).join(' UNION DISTINCT ')
    return scope.kind === 'producers' ? `SELECT * FROM (${all}) WHERE source IN ({a:String}, {b:String})` : all
  }
  return scope.pair
    .flatMap((feed, at) => {
      const contract = contracts.find((one) => one.feed === feed)
      return contract ? [of(contract, `{${at === 0 ? 'a' : 'b'}:String}`)] : []
    })
    .join(' UNION DISTINCT ')
}

/** @returns name of the column with the patient */
function subjectOf({ fields, subject }: FeedContract): string {
  return fields.find(({ name }) => name === subject)?.as ?? subject
}

/** @returns of each feed in whose table something remains of a trait: table, column of the patient, and the column of the trait */
function placesOf(
  contracts: readonly FeedContract[],
  role: LinkageRole,
): readonly { readonly table: string; readonly subject: string; readonly column: string }[] {
  return contracts.flatMap((contract) => {
    const field = contract.fields.find(({ linkage }) => linkage === role)
    const remains = field && columnsOf(contract).some(({ name }) => name === field.as)
    return remains ? [{ table: tableOf(contract.feed), subject: subjectOf(contract), column: field.as }] : []
  })
}
