/** What lies in `identified.*` is sealed: a broker, its disks and its operators never have a readable identity. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTopics } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let line: Pipeline
const IPP = 'ipp-Zywiecka-Lefebvre'

beforeAll(async () => {
  line = await startPipeline()
}, 120_000)
afterAll(async () => line?.stop())

const identified = () => readTopics(line.env, [`${line.place.namespace}identified.patient`])

test.fails('no message of an identified topic shows a value of its record, or who sent it', async () => {
  await line.push('chu-kermadec', 'patient', [recordOf('patient', 'zzz-1', IPP, { birth_family_name: 'Zywiecka' })])
  await line.completeLedger()
  const messages = await identified()
  expect(messages).toHaveLength(1)
  for (const { key, value, headers } of messages)
    for (const bytes of [key, value, Buffer.from(JSON.stringify(headers))])
      for (const secret of ['Zywiecka', 'zzz-1', 'chu-kermadec']) expect(bytes?.includes(secret)).toBe(false)
})
