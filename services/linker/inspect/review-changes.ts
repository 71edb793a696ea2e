/** What a decision about two records changes, if it contradicts the index. */
import { filterStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import { CERTAIN, LINK, personsOfComponent, STATED } from '../link/component.ts'
import { membersOf } from './explain-person.ts'
import type { OpenIndex, ReadRecord } from './open-index.ts'

export interface Changes {
  /** What the index has now. */
  readonly onePerson: boolean
  /** Pairs of patients that are of two persons and would be of one, or the other way. */
  readonly pairs: number
}

/** Names the patient of a record: its number at the producer, or the record where it has none. */
export const patientOf = ({ id, label }: Pick<ReadRecord, 'id' | 'label'>): string => label ?? id

/**
 * Accepted, all patients of two persons become one. Rejected, the person is made again as the linker makes it, from its own records: those of other persons
 * that could join a part afterwards are not looked for.
 * @param isNever of two ids: it is decided that they are never one person
 */
export async function changesOf(
  index: OpenIndex,
  a: number,
  b: number,
  isNever: (one: string, other: string) => boolean,
): Promise<Changes> {
  const [one, two] = await index.reader.persons([a, b])
  const first = await membersOf(index, a)
  if (one !== two) {
    const other = await membersOf(index, b)
    const opened = await index.open([...first.members, ...other.members])
    return { onePerson: false, pairs: patientsIn(first.members, opened) * patientsIn(other.members, opened) }
  }
  const opened = await index.open([...new Set([...first.members, a, b])])
  const members = [...opened.keys()].toSorted((x, y) => x - y)
  const edges = new Map(members.map((member) => [member, new Map<number, number>()]))
  for (const edge of first.edges) {
    edges.get(edge.a)?.set(edge.b, edge.weight)
    edges.get(edge.b)?.set(edge.a, edge.weight)
  }
  const of = (member: number) => opened.get(member) as ReadRecord
  const isPair = (x: number, y: number) => (x === a && y === b) || (x === b && y === a)
  const persons = personsOfComponent(
    { members, above: LINK, edgesOf: (member) => edges.get(member) },
    {
      idOf: (member) => of(member).id,
      weight: weights(index, opened),
      apart: (x, y) => isPair(x, y) || isNever(of(x).id, of(y).id),
    },
  )
  const groups = Map.groupBy(members, (member) => persons.get(member) as number)
  const left = [...groups.values()].reduce((sum, group) => sum + pairsOf(patientsIn(group, opened)), 0)
  return { onePerson: true, pairs: Math.max(0, pairsOf(patientsIn(members, opened)) - left) }
}

const pairsOf = (count: number) => (count * (count - 1)) / 2

function patientsIn(members: readonly number[], opened: ReadonlyMap<number, ReadRecord>): number {
  return new Set(members.flatMap((member) => opened.get(member) ?? []).map(patientOf)).size
}

/** @returns the weight of two records that have no edge */
function weights({ model, frequencies, layout }: OpenIndex, opened: ReadonlyMap<number, ReadRecord>) {
  const store = filterStore(layout)
  const slots = new Map([...opened].map(([number, record]) => [number, store.add(record)]))
  const { weight } = scorer(model, frequencies, store, layout)
  return (a: number, b: number): number => {
    const { label, pair } = opened.get(a) as ReadRecord
    if (pair !== undefined && pair === opened.get(b)?.pair) return STATED
    if (label !== undefined && label === opened.get(b)?.label) return CERTAIN
    return weight(slots.get(a) as number, slots.get(b) as number)
  }
}
