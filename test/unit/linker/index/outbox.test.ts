/** What is to be told of a record: the person that was told last, and what became of it. */
import { expect, test } from 'vitest'
import { graph } from '../../../../services/linker/index/graph.ts'
import { knownRecords } from '../../../../services/linker/index/known-records.ts'
import { outbox, type Untold } from '../../../../services/linker/index/outbox.ts'

const CERTAIN = 100
const MOST = 1000

function harness(count: number, untold = new Map<number, Untold>()) {
  const [known, links] = [knownRecords(), graph()]
  links.grow(count)
  const head = { version: 1, stamp: 0, source: 0, producer: 0, isCancelled: false, bytes: 30 }
  const set = (number: number, isCancelled = false) =>
    known.set(number, Buffer.alloc(12, number + 1), { ...head, isCancelled })
  for (let number = 0; number < count; number++) set(number)
  const changed: number[] = []
  const notes = outbox({ untold, linkVersion: 7 }, { known, links }, (number) => changed.push(number))
  return {
    ...{ notes, links, changed },
    cancel: (number: number) => set(number, true),
    move: (number: number, person: number) => {
      notes.leave(number, links.personOf(number))
      links.setPerson(number, person)
    },
    told: (now = 0) => {
      const entries = notes.entries(now, MOST, CERTAIN)
      for (const { number } of entries) notes.told(number)
      return entries.map(({ number, person, left, change }) => [number, person, left, change])
    },
  }
}

test('a new record was of no person; one that moves tells the first person since it was told, and none when it is back', () => {
  const { notes, move, told } = harness(4)
  for (const number of [0, 1, 2]) notes.noteNew(number)
  move(1, 0)
  expect(told()).toEqual([
    [0, 0, undefined, ''],
    [1, 0, undefined, ''],
    [2, 2, undefined, ''],
  ])
  expect(told()).toEqual([])
  move(1, 2)
  move(1, 3)
  expect(told()).toEqual([[1, 3, 0, 'split']])
  move(1, 0)
  move(1, 3)
  expect(told()).toEqual([[1, 3, undefined, '']])
})

test('all went to a person that was there: merge; to one that was not: rename; a cancelled record is of none', () => {
  const merged = harness(4)
  merged.move(1, 0)
  expect(merged.told()).toEqual([[1, 0, 1, 'merge']])
  // The first record of the person is cancelled: the two others go on under another name.
  const renamed = harness(3)
  for (const number of [1, 2]) renamed.links.setPerson(number, 0)
  renamed.cancel(0)
  renamed.notes.leave(0, 0)
  for (const number of [1, 2]) renamed.move(number, 1)
  expect(renamed.told()).toEqual([
    [0, undefined, 0, 'cancelled'],
    [1, 1, 0, 'rename'],
    [2, 1, 0, 'rename'],
  ])
  // It comes back, and nothing is known of whom it was.
  renamed.notes.noteNew(0)
  expect(renamed.told()).toEqual([[0, undefined, undefined, '']])
})

test('the strongest edge within the person: certain ones last, decided ones first; versions rise, and are not below the time', () => {
  const { notes, links } = harness(5)
  const weight = () => notes.entries(0, MOST, CERTAIN)[0]?.weight
  for (const number of [1, 2, 3]) links.setPerson(number, 0)
  notes.note(0)
  expect(weight()).toBeUndefined()
  links.connect(0, 4, 50)
  links.connect(0, 1, CERTAIN)
  expect(weight()).toBe(CERTAIN)
  links.connect(0, 2, 5)
  expect(weight()).toBe(5)
  links.connect(0, 3, 1000)
  expect(weight()).toBe(1000)
  expect(notes.linkVersion).toBe(11)
  notes.note(1)
  expect(notes.entries(100, MOST, CERTAIN).map(({ linkVersion }) => linkVersion)).toEqual([101, 102])
  expect(notes.entries(100, 1, CERTAIN)).toHaveLength(1)
})

test('what is read back goes on where it was, and each change is said once', () => {
  const { notes, move, told, changed } = harness(3, new Map([[2, { isNew: false, left: 1 }]]))
  notes.note(2)
  move(2, 0)
  expect(changed).toEqual([])
  expect(told()).toEqual([[2, 0, 1, 'split']])
  expect([changed, notes.get(2)]).toEqual([[2], undefined])
})
