/** Counts the records of the index by feed, and the persons: each record is read once. */
import type { Survey } from '#core/linkage/survey.ts'
import type { OpenIndex, ReadRecord } from './open-index.ts'

const AT_ONCE = 1000

type Feed = Survey['records']['by_feed'][number]
type Counts = { -readonly [key in keyof Feed]: Feed[key] } & { readonly traits: Record<string, number> }

export interface RecordCounts extends Pick<Survey, 'records' | 'persons'> {
  /** Records that are not cancelled, of the feeds: rising numbers. */
  readonly numbers: readonly number[]
}

export const feedOf = ({ id }: Pick<ReadRecord, 'id'>): string => id.slice(0, id.indexOf('/'))

/** @param feeds whose records count; undefined: all */
export async function surveyRecords(index: OpenIndex, feeds: readonly string[] | undefined): Promise<RecordCounts> {
  const { reader, layout } = index
  const known = await reader.size()
  const byFeed = new Map<string, Counts & { readonly labels: Set<string> }>()
  const labels = new Map<string, number>()
  const numbers: number[] = []
  const feedNumbers: string[] = []
  const persons: number[] = []
  const labelOf: number[] = []
  let living = 0
  for (let from = 0; from < known; from += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, known - from) }, (_, at) => from + at)
    const [opened, firsts] = await Promise.all([index.open(batch), reader.persons(batch)])
    living += opened.size
    for (const [number, record] of opened) {
      const feed = feedOf(record)
      if (feeds && !feeds.includes(feed)) continue
      const label = record.label ?? record.id
      if (!labels.has(label)) labels.set(label, labels.size)
      numbers.push(number)
      feedNumbers.push(feed)
      persons.push(firsts[number - from] as number)
      labelOf.push(labels.get(label) as number)
      const counts = byFeed.get(feed) ?? newCounts(feed)
      byFeed.set(feed, counts)
      counts.labels.add(label)
      addRecord(counts, record, layout.fields)
    }
  }
  const patients = patientsOf(persons, labelOf)
  for (const [at, feed] of feedNumbers.entries())
    if ((patients.get(persons[at] as number)?.size ?? 0) > 1) (byFeed.get(feed) as Counts).linked++
  return {
    numbers,
    records: {
      known,
      cancelled: known - living,
      by_feed: [...byFeed.values()].map(({ labels: own, ...counts }) => ({ ...counts, patients: own.size })),
    },
    persons: {
      count: patients.size,
      of_both: feeds && feeds[0] !== feeds[1] ? ofBoth(feeds, feedNumbers, persons) : null,
      by_patients: bySize([...patients.values()].map(({ size }) => size)),
    },
  }
}

function newCounts(feed: string) {
  const traits: Record<string, number> = {}
  return { feed, records: 0, patients: 0, linked: 0, newborns: 0, without_value: 0, traits, labels: new Set<string>() }
}

function addRecord(counts: Counts, record: ReadRecord, fields: OpenIndex['layout']['fields']): void {
  counts.records++
  if (record.newborn) counts.newborns++
  let some = false
  for (const { trait, offset, words } of fields) {
    const present = record.filters.subarray(offset, offset + words).some((word) => word !== 0)
    counts.traits[trait] = (counts.traits[trait] ?? 0) + (present ? 1 : 0)
    some ||= present
  }
  if (!some && !record.newborn) counts.without_value++
}

function patientsOf(persons: readonly number[], labelOf: readonly number[]): ReadonlyMap<number, ReadonlySet<number>> {
  const patients = new Map<number, Set<number>>()
  for (const [at, person] of persons.entries()) {
    const own = patients.get(person)
    if (own) own.add(labelOf[at] as number)
    else patients.set(person, new Set([labelOf[at] as number]))
  }
  return patients
}

function ofBoth([one, other]: readonly string[], feeds: readonly string[], persons: readonly number[]): number {
  const of = (feed: string | undefined) => new Set(persons.filter((_, at) => feeds[at] === feed))
  const others = of(other)
  return [...of(one)].filter((person) => others.has(person)).length
}

function bySize(sizes: readonly number[]): Survey['persons']['by_patients'] {
  const count = (from: number, to: number) => sizes.filter((size) => size >= from && size <= to).length
  return {
    '1': count(1, 1),
    '2': count(2, 2),
    '3': count(3, 3),
    '4 to 9': count(4, 9),
    '10 and more': count(10, Number.POSITIVE_INFINITY),
  }
}
