/** Which slices are loaded together, and that none waits while a lane is free. */
import { expect, it } from 'vitest'
import { limited, loadLanes } from '../../../../services/curate/load/lanes.ts'

interface Slice {
  readonly name: string
  readonly records: number
  readonly alone?: true
}

/** Loads that end when the test says so. */
function lanes(count: number, maxRecords: number) {
  const loads: { readonly names: string; readonly end: () => void }[] = []
  const add = loadLanes<Slice>({
    lanes: count,
    maxRecords,
    recordsOf: ({ records }) => records,
    canMerge: ({ alone }) => alone !== true,
    load: (taken) =>
      new Promise((resolve) => {
        const end = () => {
          for (const { done } of taken) done('loaded')
          resolve()
        }
        loads.push({ names: taken.map(({ slice }) => slice.name).join(''), end })
      }),
  })
  return { add, loads: () => loads.map(({ names }) => names), end: (index: number) => loads[index]?.end() }
}

it('a slice that finds a free lane goes at once and alone', () => {
  const { add, loads } = lanes(2, 100)
  for (const name of ['a', 'b', 'c', 'd']) void add({ name, records: 1 })
  expect(loads()).toEqual(['a', 'b'])
})

it('the lane that becomes free takes all that wait, up to a full block', async () => {
  const { add, loads, end } = lanes(1, 100)
  const first = add({ name: 'a', records: 1 })
  for (const [name, records] of [
    ['b', 60],
    ['c', 60],
    ['d', 40],
  ] as const)
    void add({ name, records })
  end(0)
  expect(await first).toBe('loaded')
  expect(loads()).toEqual(['a', 'bd'])
  end(1)
  await expect.poll(loads).toEqual(['a', 'bd', 'c'])
})

it('a slice that cannot be merged goes alone, in its turn', async () => {
  const { add, loads, end } = lanes(1, 100)
  void add({ name: 'a', records: 1 })
  void add({ name: 'b', records: 1 })
  void add({ name: 'c', records: 1, alone: true })
  void add({ name: 'd', records: 1 })
  end(0)
  await expect.poll(loads).toEqual(['a', 'bd'])
  end(1)
  await expect.poll(loads).toEqual(['a', 'bd', 'c'])
})

it('never calls more at the same time than it may, also after an error', async () => {
  const limit = limited(2)
  let running = 0
  let most = 0
  const call = async (index: number) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (index === 1) throw new Error('expected')
    return index
  }
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((index) => limit(() => call(index))))
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, true])
  expect(most).toBe(2)
})
