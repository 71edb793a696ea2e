import type { Admin } from 'kafkajs'
import { expect, it } from 'vitest'
import { groupOffsets } from '#core/kafka/offsets.ts'

/** An admin whose first answers are errors. */
function adminWith(errors: readonly object[]) {
  const left = [...errors]
  const asked: unknown[] = []
  const admin = {
    fetchOffsets: async (request: unknown) => {
      asked.push(request)
      const error = left.shift()
      if (error) throw Object.assign(new Error('an answer of the broker'), error)
      return []
    },
  } as unknown as Admin
  return { admin, asked }
}

it('asks again when the coordinator of a group has moved', async () => {
  const { admin, asked } = adminWith([{ retriable: true }, { retriable: true }])
  expect(await groupOffsets(admin, 'g', ['t'])).toEqual([])
  expect(asked).toEqual(Array.from({ length: 3 }, () => ({ groupId: 'g', topics: ['t'] })))
})

it('does not repeat what Kafka rejects, and ends', async () => {
  const rejected = adminWith([{ retriable: false }])
  await expect(groupOffsets(rejected.admin, 'g', ['t'])).rejects.toThrow('an answer of the broker')
  expect(rejected.asked).toHaveLength(1)
  const away = adminWith(Array.from({ length: 9 }, () => ({ retriable: true })))
  await expect(groupOffsets(away.admin, 'g', ['t'])).rejects.toThrow('an answer of the broker')
  expect(away.asked.length).toBeLessThan(9)
})
