import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Progress, readProgress } from '../../../../services/gateway/ingest/progress.ts'

test('it is read as it was written, for any places', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(100_000), { maxLength: 200 }), fc.array(fc.nat(100_000)), (places, others) => {
      const progress = new Progress()
      for (const place of places) progress.add(place)
      const read = readProgress(progress.text())
      expect(read.isEmpty).toBe(places.length === 0)
      for (const place of [...places, ...others]) expect(read.has(place)).toBe(places.includes(place))
    }),
  )
})

test('a request of a hundred thousand records needs less than 25 kB', () => {
  const progress = new Progress()
  for (let place = 0; place < 100_000; place += 2) progress.add(place)
  expect(progress.text().length).toBeLessThan(25_000)
})

test('none is none, and that of another version counts as none', () => {
  expect([new Progress().text(), readProgress('').isEmpty]).toEqual(['', true])
  const progress = new Progress()
  progress.add(0)
  const [, receipt = '', bits = ''] = progress.text().split(' ')
  expect(readProgress(`0.0.0 ${receipt} ${bits}`).isEmpty).toBe(true)
})
