/** What holds the records of a person together: the strongest edges that connect all, and the weakest of them. */
import { probabilityOf } from '#core/linkage/score.ts'
import { tenths } from '#core/linkage/shown-explanation.ts'
import type { ExplainedPerson, ShownEdge } from '#core/linkage/shown-person.ts'
import { CERTAIN, MOST_RECORDS } from '../link/component.ts'
import { findRecords } from './explain-pair.ts'
import type { OpenIndex } from './open-index.ts'

export interface TreeEdge {
  readonly a: number
  readonly b: number
  readonly weight: number
}

/** @throws ChainonError not-found */
export async function explainPerson(index: OpenIndex, record: string): Promise<ExplainedPerson> {
  const [start] = (await findRecords(index, [['RECORD', record]])) as readonly [number]
  const { members, edges, person, bounded } = await membersOf(index, start)
  const opened = await index.open([...new Set([...members, person])])
  const idOf = (number: number) => opened.get(number)?.id ?? 'a record that was cancelled'
  const shown = ({ a, b, weight }: TreeEdge): ShownEdge => ({
    records: [idOf(a), idOf(b)],
    weight: weight >= CERTAIN ? 'certain' : tenths(weight),
    probability: Math.floor(probabilityOf(weight) * 100) / 100,
  })
  const tree = spanningTree(members, edges)
  const weakest = tree.at(-1)
  return {
    person: idOf(person),
    model: index.model.version,
    records: members.map(idOf),
    patients: new Set(members.map((number) => opened.get(number)?.label)).size,
    tree: tree.map(shown),
    weakest: weakest ? { ...shown(weakest), groups: groupsWithout(members, tree, weakest) } : null,
    bounded,
  }
}

/** @returns the records of the person of a record that edges connect with it, and these edges; `bounded`: there are more */
export async function membersOf({ reader }: OpenIndex, start: number) {
  const [person = start] = await reader.persons([start])
  const members = [start]
  const seen = new Set(members)
  const edges: TreeEdge[] = []
  for (let done = 0; done < members.length && members.length <= MOST_RECORDS; ) {
    const batch = members.slice(done)
    done = members.length
    const lists = await reader.edges(batch)
    const others = [...new Set(lists.flatMap((list) => [...list.keys()]))]
    const persons = await reader.persons(others)
    const inside = new Set(others.filter((_, at) => persons[at] === person))
    for (const [at, list] of lists.entries())
      for (const [other, weight] of list) {
        const one = batch[at] as number
        if (!inside.has(other)) continue
        if (!seen.has(other)) {
          seen.add(other)
          members.push(other)
        }
        if (one < other) edges.push({ a: one, b: other, weight })
      }
  }
  return { members: members.toSorted((a, b) => a - b), edges, person, bounded: members.length > MOST_RECORDS }
}

/** J. Kruskal, Proc. AMS 7, 1956, by falling weight, then by number. @returns the edges of the tree, the strongest first */
export function spanningTree(members: readonly number[], edges: readonly TreeEdge[]): readonly TreeEdge[] {
  const root = new Map(members.map((member) => [member, member]))
  const find = (member: number): number => {
    let at = member
    while (root.get(at) !== at) at = root.get(at) as number
    return at
  }
  return edges
    .filter(({ a, b }) => root.has(a) && root.has(b))
    .toSorted((one, two) => two.weight - one.weight || one.a - two.a || one.b - two.b)
    .filter(({ a, b }) => {
      const [one, two] = [find(a), find(b)]
      if (one === two) return false
      root.set(Math.max(one, two), Math.min(one, two))
      return true
    })
}

/** @returns how many records are on each side of an edge of the tree */
export function groupsWithout(
  members: readonly number[],
  tree: readonly TreeEdge[],
  edge: TreeEdge,
): readonly [number, number] {
  const side = [edge.a]
  const seen = new Set(side)
  for (const one of side)
    for (const { a, b } of tree.filter((other) => other !== edge)) {
      const next = a === one ? b : b === one ? a : undefined
      if (next === undefined || seen.has(next)) continue
      seen.add(next)
      side.push(next)
    }
  return [side.length, members.length - side.length]
}
