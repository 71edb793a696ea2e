import { expect, test } from 'vitest'
import { DECISIONS } from '../../../../services/core/contract/link-decision.ts'
import { effectOf, type RecordPerson } from '../../../../services/curate/decide/persons.ts'

const of = (person: string, records: number): RecordPerson => ({ record: `p2_${person}`, person, records })

test('each decision says which persons merge or split, by their names and sizes, and when none does', () => {
  const effects = DECISIONS.flatMap((decision) => [
    effectOf(decision, [of('pn_a', 3), of('pn_b', 1)]),
    effectOf(decision, [of('pn_a', 3), of('pn_a', 3)]),
  ])
  expect(
    effects.map((effect) => /merge|split|stay so whatever|never become|whether they (?:are|stay)/.exec(effect)?.[0]),
  ).toEqual([
    ...['merge', 'stay so whatever'],
    ...['never become', 'split'],
    ...['whether they are', 'whether they stay'],
  ])
  for (const effect of effects) expect(effect).toContain('pn_a (3 records)')
  expect(effects[0]).toContain('pn_b (1 record)')
})
