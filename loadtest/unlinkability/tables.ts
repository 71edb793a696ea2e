/** Tables as two extractions of the same simulated persons would have them: the production code reads the records and applies the policies. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Privacy } from '#core/contract/privacy-schema.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { Shift } from '#core/contract/schema.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import { policies } from '#core/policies/apply-policies.ts'
import { distances, type Table } from './measure.ts'

export interface Variant {
  readonly feed: string
  /** Columns that are compared, by the names of the contract's fields; a row without one of them has nothing to compare. */
  readonly fields: readonly string[]
  /** Instead of what the contract says. */
  readonly privacy?: Readonly<Record<string, Privacy>>
  readonly shift?: Shift
  /** What of a time is compared: the time itself, its day, or the distances in days between all times of the person. */
  readonly times?: 'exact' | 'day' | 'distances'
}

interface Row {
  readonly producer: string
  readonly record: Record<string, unknown>
}

const DAY_MS = 86_400_000
const NOTHING = { withheld: [], texts: new Map<string, string | null>() }

/** @param folder that the simulator wrote @returns the current records of a feed, by producer */
export function readFeed(folder: string, contract: FeedContract): readonly Row[] {
  const read = recordReader(contract, 'json')
  const current = new Map<string, Row>()
  for (const producer of readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory())) {
    const files = readdirSync(join(folder, producer.name)).filter((name) => name === `${contract.feed}.ndjson`)
    for (const line of files.flatMap((file) => readFileSync(join(folder, producer.name, file), 'utf8').split('\n'))) {
      if (line === '') continue
      const result = read(JSON.parse(line))
      if (!result.ok) throw new Error(`a simulated record of ${contract.feed} cannot be read`)
      const { record } = result
      const key = `${producer.name}\0${String(record.record_id)}`
      const known = current.get(key)
      if (known && Number(known.record.record_version) > Number(record.record_version)) continue
      current.set(key, { producer: producer.name, record })
    }
  }
  return [...current.values()].filter(({ record }) => record.operation !== 'cancel')
}

/** @returns what is compared of each person; a patient of two hospitals is two persons, as without linkage */
export function tableOf(
  contract: FeedContract,
  rows: readonly Row[],
  { fields, privacy = {}, shift, times = 'exact' }: Variant,
  level1: Pseudonymiser,
): Table {
  const changed: FeedContract = {
    ...contract,
    ...(shift && { shift }),
    fields: contract.fields.map((field) => {
      const other = privacy[field.name]
      return other ? { ...field, privacy: other, as: ('as' in other ? other.as : undefined) ?? field.name } : field
    }),
  }
  const apply = policies(changed, level1)
  const chosen = fields.map((name) => {
    const field = changed.fields.find((one) => one.name === name)
    if (!field) throw new Error(`${contract.feed} has no field ${name}`)
    return { as: field.as, inMs: field.kind === 'timestamp' && field.privacy.action !== 'truncate' }
  })
  const table = new Map<string, string[]>()
  const days = new Map<string, number[]>()
  for (const { producer, record } of rows) {
    const out = apply(record, producer, NOTHING)
    const person = `${producer}\0${String(record.patient_ipp)}`
    const values = chosen.map(({ as, inMs }) => {
      const value = out[as]
      return inMs && times !== 'exact' && value !== null ? Math.floor(Number(value) / DAY_MS) : value
    })
    if (values.includes(null)) continue
    if (times === 'distances') days.set(person, [...(days.get(person) ?? []), Number(values[0])])
    else table.set(person, [...(table.get(person) ?? []), values.join('|')])
  }
  return times === 'distances' ? new Map([...days].map(([person, all]) => [person, distances(all)])) : table
}
