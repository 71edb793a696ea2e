import fc from 'fast-check'
import { expect, test } from 'vitest'
import { personsOfComponent } from '../../../services/linker/link/component.ts'

const SIZE = 9

test('persons do not depend on the numbers that the records have by arrival, also where weights are equal', () => {
  const ids = Array.from({ length: SIZE }, (_, i) => `rec-${i}`)
  fc.assert(
    fc.property(
      // Few values: many pairs have one weight.
      fc.array(fc.integer({ min: -9, max: 6 }), { minLength: SIZE * SIZE, maxLength: SIZE * SIZE }),
      fc.shuffledSubarray([...ids.keys()], { minLength: SIZE }),
      (weights, order) => {
        const weightOf = (one: number, two: number) => weights[Math.min(one, two) * SIZE + Math.max(one, two)] as number
        /** @param recordOf the record that has a number */
        const personsOf = (recordOf: readonly number[]) => {
          const weight = (a: number, b: number) => weightOf(recordOf[a] as number, recordOf[b] as number)
          const members = [...recordOf.keys()]
          const edges = members.map(
            (a) => new Map(members.flatMap((b) => (a !== b && weight(a, b) > 0 ? [[b, weight(a, b)] as const] : []))),
          )
          const persons = personsOfComponent(
            { members, above: 0, edgesOf: (member) => edges[member] },
            { idOf: (member) => ids[recordOf[member] as number] as string, weight },
          )
          const groups = new Map<number, string[]>()
          for (const [member, person] of persons)
            groups.set(person, [...(groups.get(person) ?? []), ids[recordOf[member] as number] as string])
          return [...groups.values()].map((group) => group.toSorted().join(' ')).toSorted()
        }
        expect(personsOf(order)).toEqual(personsOf([...ids.keys()]))
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})
