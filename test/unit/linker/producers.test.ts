/** What one producer sends of somebody else's patient: the persons of the others stay. */
import { expect, test } from 'vitest'
import { type Linker, linker } from '../../../services/linker/link/linker.ts'

const LIMITS = { budget: 16, hub: 100 }
/** Three tokens: of a number, of a name with a birth date, of a telephone. */
const tokensOf = (...values: number[]) => Int32Array.from(values.flatMap((value) => [value, value === 0 ? 0 : 7]))
const VICTIM = tokensOf(1, 2, 3)

interface Sent {
  readonly id: string
  readonly producer: number
  readonly tokens: Int32Array
}

/** Records of one person have ids that begin with one letter. */
function linked(sent: readonly Sent[], limits = LIMITS): (a: string, b: string) => boolean {
  const of = (record: number) => (sent[record] as Sent).id[0]
  const links: Linker = linker({
    kinds: 3,
    limits,
    weight: (a, b) => (of(a) === of(b) ? 20 : -20),
    onePerSource: false,
    onPair: () => undefined,
  })
  for (const [record, { id, producer, tokens }] of sent.entries()) links.add(record, id, producer, tokens)
  links.reconcile(() => undefined)
  const numbers = new Map(sent.map(({ id }, record) => [id, record]))
  return (a, b) => links.personOf(numbers.get(a) as number) === links.personOf(numbers.get(b) as number)
}

const victim: readonly Sent[] = [0, 1].map((producer) => ({ id: `v${producer}`, producer, tokens: VICTIM }))
const flood = (records: number, producer = 2, tokens = VICTIM): readonly Sent[] =>
  Array.from({ length: records }, (_, nth) => ({ id: `x${producer}-${nth}`, producer, tokens }))

test.fails('101 invented records of one producer with the tokens of a victim do not unlink it elsewhere', () => {
  expect(linked([...victim, ...flood(101)])('v0', 'v1')).toBe(true)
})

test.fails('99 of one producer, which are within the limit alone, do not either', () => {
  expect(linked([...victim, ...flood(99)])('v0', 'v1')).toBe(true)
})
