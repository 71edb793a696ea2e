/** What is said of pairs and persons of an index: true to it, and without a value, a filter or a token. */
import { expect, test } from 'vitest'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pairText } from '#core/linkage/pair-text.ts'
import { encoding } from '../../../../services/linker/evaluate/encoding.ts'
import { learn } from '../../../../services/linker/evaluate/learn.ts'
import { explainPair } from '../../../../services/linker/inspect/explain-pair.ts'
import { explainPerson, groupsWithout, spanningTree } from '../../../../services/linker/inspect/explain-person.ts'
import { personText } from '../../../../services/linker/inspect/explain-text.ts'
import { leaked, memoryIndex, valuesIn } from '../../../helpers/memory-index.ts'
import { simulatedSet } from '../../../helpers/simulated-set.ts'

const data = simulatedSet(300)
const form = encoding(data)
const trained = learn(data, false, { budget: 100, hub: 100 }, () => undefined)
const level1 = pseudonymiser(1, Buffer.alloc(32, 3))
const idOf = (n: number) => `patient/${level1.pseudonym('record', data.ids[n] as string)}`
const records = Array.from(data.ids, (_, n) => ({
  id: idOf(n),
  label: level1.pseudonym('patient', `${n}`),
  written: n === 0 ? undefined : data.record(n),
}))
const index = memoryIndex(records, form, trained)
const linked = data.links.filter(([a, b]) => a !== 0 && b !== 0)

const values = records.flatMap(({ written }) => Object.values(written ?? {}))

test('a pair: what is shown adds up, agrees with the edge of the index, and says whether it is one person', async () => {
  let edges = 0
  for (const [a, b] of linked.slice(0, 60)) {
    const pair = await explainPair(index, idOf(a), idOf(b))
    const sum = pair.fields.reduce((total, { weight }) => total + weight, pair.prior)
    expect(sum).toBeCloseTo(pair.weight, 9)
    const persons = await index.reader.persons([a, b])
    expect(pair.one_person).toBe(persons[0] === persons[1])
    expect(pair.decided_by).toBe('model')
    if (pair.edge === null) continue
    edges++
    expect(Math.abs(Number(pair.edge) - pair.weight)).toBeLessThan(0.11)
  }
  expect(edges).toBeGreaterThan(30)
})

test('no value, no filter and no token is in any output; the search finds them where they are', async () => {
  const outputs: string[] = []
  for (const [a, b] of linked.slice(0, 40)) {
    const pair = await explainPair(index, idOf(a), idOf(b))
    const person = await explainPerson(index, idOf(a))
    outputs.push(JSON.stringify(pair), pairText(pair), JSON.stringify(person), personText(person))
  }
  const all = outputs.join('\n')
  expect(valuesIn(all, values)).toEqual([])
  expect(leaked(all, index.secrets)).toEqual([])
  const [, first = ''] = Object.values(records[1]?.written ?? {}).filter((value) => value.length > 3)
  expect(valuesIn(`${all} ${first}`, values)).toContain(first)
  const secret = index.secrets.find((bytes) => bytes.every((byte) => byte !== 0)) as Buffer
  for (const planted of [
    secret.toString('hex'),
    secret.toString('base64'),
    String(secret.readInt32LE(0)),
    secret.toString('latin1'),
  ])
    expect(leaked(`${all} ${planted}`, index.secrets).length).toBeGreaterThan(0)
})

test('a person: all its records, a tree that connects them, and the weakest edge of it', async () => {
  const persons = await index.reader.persons([...records.keys()])
  const sizes = Map.groupBy(records.keys(), (number) => persons[number] as number)
  const [person, members] = [...sizes].find(([, group]) => group.length > 2) as [number, number[]]
  const explained = await explainPerson(index, idOf(members.at(-1) as number))
  expect(explained.person).toBe(idOf(person))
  expect(explained.records).toEqual(members.map(idOf))
  expect(explained.tree).toHaveLength(members.length - 1)
  const weights = explained.tree.map(({ weight }) => Number(weight))
  expect(Number(explained.weakest?.weight)).toBe(Math.min(...weights))
  expect(explained.weakest?.groups.reduce((sum, one) => sum + one, 0)).toBe(members.length)
  const alone = [...sizes].find(([number, group]) => group.length === 1 && number !== 0) as [number, number[]]
  expect(await explainPerson(index, idOf(alone[0]))).toMatchObject({ tree: [], weakest: null, bounded: false })
})

test('a tree has the strongest edges; without its weakest edge there are two groups', () => {
  const edge = (a: number, b: number, weight: number) => ({ a, b, weight })
  const edges = [edge(1, 2, 9), edge(2, 3, 8), edge(1, 3, 1), edge(3, 4, 2), edge(4, 5, 7), edge(2, 4, 1)]
  const tree = spanningTree([1, 2, 3, 4, 5], edges)
  expect(tree.map(({ a, b }) => `${a}${b}`)).toEqual(['12', '23', '45', '34'])
  expect(groupsWithout([1, 2, 3, 4, 5], tree, edge(3, 4, 2))).toEqual([5, 0])
  expect(groupsWithout([1, 2, 3, 4, 5], tree, tree.at(-1) as (typeof tree)[0])).toEqual([3, 2])
})

test('a record that is not there, is cancelled, or is no pseudonym is named by its argument, never by its value', async () => {
  const unknown = `patient/${level1.pseudonym('record', 'nobody')}`
  for (const id of ['Martin', 'patient/Martin', unknown, idOf(0)]) {
    const failure = await explainPair(index, idOf(1), id).then(
      () => '',
      (error: Error) => error.message,
    )
    expect(failure).toContain('RECORD_B')
    expect(failure).not.toContain('Martin')
    expect(failure).not.toContain(id)
  }
})
