/** `chainon link explain RECORD --on DAY`: who a record was of at the end of a day, by the linker, and why. It asks the warehouse as `operator`. */
import { CLICKHOUSE_KEYS, type ClickHouseClient, clickhouseClient, rejectedLogin } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { resolveEnvironment } from './environment.ts'

export interface PersonChange {
  readonly old_person_id: string
  readonly new_person_id: string
  /** split, merge, rename, cancelled */
  readonly kind: string
  /** records, reconciliation, decision */
  readonly reason: string
  readonly changed_at: string
}

export interface OnDay {
  readonly record_id: string
  /** Its end, in UTC. */
  readonly day: string
  /** null: the linker had not told of the record, or it was cancelled. */
  readonly person: {
    readonly person_id: string
    readonly method: string
    readonly probability: number | null
    readonly model: string
    readonly told_at: string
    readonly records: number
    readonly patients: number
  } | null
  /** Of the record, until then and since. */
  readonly changes: readonly PersonChange[]
  readonly later: readonly PersonChange[]
}

const STORED = /^p2_[\w-]{43}(?:_k\d+)?$/
const TIME = "formatDateTime(fromUnixTimestamp64Micro(toInt64(%), 'UTC'), '%Y-%m-%dT%H:%i:%SZ', 'UTC')"
const timeOf = (column: string) => TIME.replace('%', column)

/** @throws ChainonError when the arguments are wrong or ClickHouse failed */
export async function explainOnDay(
  env: NodeJS.ProcessEnv,
  record: string,
  day: string,
  { dataDir, json }: { readonly dataDir?: string; readonly json?: true },
): Promise<void> {
  const problems = [
    ...(STORED.test(record) ? [] : ['with --on the record is a record_id of person_link_scored']),
    ...(isDay(day) ? [] : ['--on must be a day, for instance 2026-01-31']),
  ]
  if (problems.length > 0) throw new ConfigurationError('The arguments are wrong', problems)
  const environment = resolveEnvironment(env, dataDir === undefined ? {} : { dataDir })
  const clickhouse = clickhouseClient('link', readConfig('link', CLICKHOUSE_KEYS, environment))
  try {
    const found = await onDay(clickhouse, record, day).catch((error: unknown) => {
      throw (
        rejectedLogin(error) ??
        new ChainonError('dependency-unavailable', 'ClickHouse is unreachable, or `chainon up` has not run yet', {
          cause: error,
        })
      )
    })
    if (!found.person && found.changes.length + found.later.length === 0)
      throw new ChainonError('not-found', 'The linker has told of no such record until then.')
    process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : onDayText(found))
  } finally {
    await clickhouse.close()
  }
}

async function onDay(clickhouse: ClickHouseClient, record: string, day: string): Promise<OnDay> {
  const rows = async <T>(query: string, parameters: Readonly<Record<string, string>>): Promise<T[]> =>
    (await clickhouse.query({ query, query_params: parameters, format: 'JSONEachRow' })).json<T>()
  // Checked above: a view's parameter is not a parameter of a query.
  const at = `person_link_scored_at(day = '${day}')`
  const [own] = await rows<
    Record<'person_id' | 'method' | 'model' | 'told_at', string> & { probability: number | null }
  >(
    `SELECT person_id, toString(method) AS method, probability, toString(model) AS model, ${timeOf('link_version')} AS told_at FROM ${at} WHERE record_id = {record:String}`,
    { record },
  )
  const [size] = own
    ? await rows<Record<'records' | 'patients', string>>(
        `SELECT toString(count()) AS records, toString(uniqExact(patient_id)) AS patients FROM ${at} WHERE person_id = {person:String}`,
        { person: own.person_id },
      )
    : []
  const changes = await rows<PersonChange & { before: number }>(
    `SELECT old_person_id, new_person_id, toString(kind) AS kind, toString(reason) AS reason, ${timeOf('link_version')} AS changed_at,
       toDate(fromUnixTimestamp64Micro(toInt64(link_version), 'UTC')) <= {day:Date} AS before FROM person_change WHERE record_id = {record:String} ORDER BY link_version`,
    { record, day },
  )
  const of = (before: number) => changes.flatMap(({ before: own, ...change }) => (own === before ? [change] : []))
  return {
    ...{ record_id: record, day },
    person: own ? { ...own, records: Number(size?.records ?? 0), patients: Number(size?.patients ?? 0) } : null,
    changes: of(1),
    later: of(0),
  }
}

const WHY: Readonly<Record<string, string>> = {
  records: 'records came, were corrected or cancelled',
  reconciliation: 'the linker compared what a limit had left open',
  decision: 'an operator decided',
}
const BECAME: Readonly<Record<string, string>> = {
  split: 'left a person that goes on',
  merge: 'its person became one with another',
  rename: 'its person has another name',
  cancelled: 'the record was cancelled',
}

export function onDayText({ day, person, changes, later }: OnDay): string {
  const line = ({ changed_at, kind, reason, old_person_id: from, new_person_id: to }: PersonChange) =>
    `  ${changed_at}  ${kind}: ${BECAME[kind] ?? kind}, because ${WHY[reason] ?? reason}; ${from} -> ${to || 'none'}\n`
  const was = person
    ? `At the end of ${day} (UTC) the record was of ${person.person_id}: ${person.records} records of ${person.patients} patients.\nTold at ${person.told_at}, by ${person.method}${person.probability === null ? '' : `, probability ${person.probability.toFixed(3)}`}, model ${person.model}.\n`
    : `At the end of ${day} (UTC) the record was of no person.\n`
  const why =
    changes.length === 0 ? 'It was of no other person before.\n' : `What had led there:\n${changes.map(line).join('')}`
  return `${was}${why}${later.length === 0 ? '' : `Since then:\n${later.map(line).join('')}`}`
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}
