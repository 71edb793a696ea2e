/** A record that a rule of severity reject would undo later is not accepted: the receipt says which rule, where, and what is allowed. */
import { expect, onTestFinished, test } from 'vitest'
import { harness } from '../harness.ts'

async function gateway() {
  const started = await harness()
  onTestFinished(() => started.close())
  return started
}

const AT = '2024-05-06T07:08:09Z'
const NAMED = { record_id: 'r', patient_ipp: '8000123' }
const ENCOUNTER = { ...NAMED, kind: 'other', started_at: AT }

test.fails('a rule that a worker would reject the record by rejects it here', async () => {
  const { post, written } = await gateway()
  const records = [ENCOUNTER, { ...ENCOUNTER, ended_at: '2024-05-05T07:08:09Z' }]
  const answer = await post('encounter', 'application/json', JSON.stringify(records))
  expect(answer.json()).toMatchObject({
    accepted: 1,
    rejected: 1,
    errors: [{ index: 1, pointer: '/ended_at', rule: 'end-after-start' }],
  })
  expect(written.length).toBe(1)
})
