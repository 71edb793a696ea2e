/**
 * Messages in Chainon's topics that Chainon did not write: only a gap stops a partition, and it stops only its own partition.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isRowBalanced } from '#core/ledger/row.ts'
import { groupOffsets, produce, readTopics } from '../helpers/kafka.ts'
import { type Feed, recordOf } from '../helpers/records.ts'
import { askRegistry, registryBody } from '../helpers/registry.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await startPipeline({}, 'earlier-rules')
  for (const feed of ['patient', 'death', 'document', 'procedure'] as const)
    await pipeline.push('chu-first', feed, [recordOf(feed, `${feed}-1`, 'ipp-1')])
  // Enough patients that both partitions have some.
  const ids = Array.from({ length: 16 }, (_, i) => `many-${i}`)
  await pipeline.push(
    'chu-first',
    'procedure',
    ids.map((name) => recordOf('procedure', name, name)),
  )
  await pipeline.push('chu-first', 'patient', [
    recordOf('patient', 'future-birth', 'ipp-2', { birth_date: '2090-01-01' }),
  ])
  await pipeline.completeLedger()
})
afterAll(async () => pipeline?.stop())

const topic = (zone: 'identified' | 'pseudonymised', feed: Feed) => `${pipeline.place.namespace}${zone}.${feed}`
const balanced = async () => {
  const rows = await pipeline.completeLedger()
  expect(rows.filter((row) => !isRowBalanced(row))).toEqual([])
}
const quarantined = (feed: Feed) =>
  pipeline.rows<Record<string, string>>(
    `SELECT service, stage, fault, pointer, rule, producer FROM quarantine WHERE feed = '${feed}'`,
  )

/** Registers a schema of another program in the same registry. @returns its id as 8 hexadecimal characters */
async function jsonSchema(): Promise<string> {
  const schema = registryBody('POST', {
    schemaType: 'JSON',
    schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{}}',
  })
  const subject = `${pipeline.place.namespace}foreign-value`
  const answer = await askRegistry(pipeline.env, `/subjects/${subject}/versions`, schema)
  const { id } = (await answer.json()) as { id: number }
  return id.toString(16).padStart(8, '0')
}

test('in identified.<feed>: quarantined, and the partition continues', async () => {
  const ofPatient = (await readTopics(pipeline.env, [topic('identified', 'patient')]))[0]?.value
  const id = (hex: string) => Buffer.concat([Buffer.from(`00${hex}`, 'hex'), randomBytes(20)])
  const garbage = [
    id(await jsonSchema()),
    randomBytes(40),
    '',
    null,
    'text',
    id('7fffffff'),
    id('ffffffff'),
    id('00000000'),
    ofPatient ?? '',
  ]
  for (const partition of [0, 1])
    await produce(
      pipeline.env,
      topic('identified', 'encounter'),
      garbage.map((value) => ({ partition, value })),
    )
  const ids = Array.from({ length: 12 }, (_, i) => `after-${i}`)
  await pipeline.push(
    'chu-after',
    'encounter',
    ids.map((name) => recordOf('encounter', name, name)),
  )
  await balanced()
  expect(await pipeline.sums('encounter')).toMatchObject({ accepted: 30, loaded: 12, quarantined: 18 })
  const found = await quarantined('encounter')
  // A sealed record of another topic is not one of this topic.
  expect(found.filter(({ fault }) => fault === 'seal-broken')).toHaveLength(2)
  expect(found.find(({ fault }) => fault === 'undecodable')).toEqual({
    service: 'deidentify',
    stage: 'openSealed',
    fault: 'undecodable',
    pointer: '',
    rule: 'undecodable',
    producer: '',
  })
})

test('in pseudonymised.<feed>: a message without an origin is counted and not loaded', async () => {
  const [record] = await readTopics(pipeline.env, [topic('pseudonymised', 'document')])
  const value = record?.value ?? null
  for (const partition of [0, 1])
    await produce(pipeline.env, topic('pseudonymised', 'document'), [
      { partition, value: randomBytes(40) },
      { partition, value, headers: { 'chainon-origin': '-1' } },
      { partition, value, headers: { 'chainon-origin': '1e3' } },
    ])
  const ids = Array.from({ length: 12 }, (_, i) => `after-${i}`)
  await pipeline.push(
    'chu-after',
    'document',
    ids.map((name) => recordOf('document', name, name)),
  )
  await balanced()
  expect(await pipeline.sums('document')).toMatchObject({ accepted: 13, loaded: 13, quarantined: 0 })
  await expect
    .poll(() => pipeline.services.curate.metrics())
    .toMatch(/chainon_faults_total\{[^}]*feed="document",fault="missing-header"[^}]*\} 6\b/)
})

test('in pseudonymised.<feed>: a message whose body does not match its headers is quarantined', async () => {
  const marker = (await readTopics(pipeline.env, [topic('pseudonymised', 'patient')])).find(
    ({ headers }) => 'chainon-marker' in headers,
  )
  const [record] = await readTopics(pipeline.env, [topic('pseudonymised', 'death')])
  const incarnation = String(record?.headers['chainon-incarnation'])
  const before = await pipeline.completeLedger()
  for (const { partition, accepted } of before.filter(({ feed }) => feed === 'death'))
    await produce(pipeline.env, topic('pseudonymised', 'death'), [
      {
        partition,
        value: marker?.value ?? null,
        headers: { 'chainon-incarnation': incarnation, 'chainon-origin': String(accepted) },
      },
      {
        partition,
        value: record?.value ?? null,
        headers: {
          'chainon-incarnation': incarnation,
          'chainon-origin': String(accepted + 1),
          'chainon-marker': 'quarantine',
        },
      },
    ])
  await expect.poll(() => pipeline.sums('death')).toMatchObject({ quarantined: 4, overlaps: 0 })
  expect((await quarantined('death')).map(({ fault }) => fault)).toEqual(Array(4).fill('undecodable'))
  expect(await pipeline.services.curate.alarms()).toEqual([])
})

test('a gap stops its partition, also after a rebalance; the other partitions continue', async () => {
  const procedures = topic('pseudonymised', 'procedure')
  const [record] = await readTopics(pipeline.env, [procedures])
  const before = await pipeline.completeLedger()
  const reached = before.find(({ feed, partition }) => feed === 'procedure' && partition === 0)?.accepted ?? 0
  const incarnation = String(record?.headers['chainon-incarnation'])
  const headers = { 'chainon-incarnation': incarnation, 'chainon-origin': String(reached + 3) }
  const skipped = { partition: 0, value: record?.value ?? null, headers }
  await produce(pipeline.env, procedures, [skipped])
  const gaps = async (curates = [pipeline.services.curate]) =>
    (await Promise.all(curates.map((one) => one.alarms())))
      .flat()
      .map(({ code, feed, partition }) => ({ code, feed, partition }))
  const expectedAlarms = [{ code: 'gap', feed: 'procedure', partition: 0 }]
  await expect.poll(() => gaps()).toEqual(expectedAlarms)

  const ids = Array.from({ length: 20 }, (_, i) => `gap-${i}`)
  await pipeline.push(
    'chu-gap',
    'procedure',
    ids.map((name) => recordOf('procedure', name, name)),
  )
  const partitions = () =>
    pipeline.rows(
      "SELECT _origin_partition AS partition FROM feed_procedure WHERE _producer = 'chu-gap' GROUP BY partition",
    )
  await expect.poll(partitions).toEqual([{ partition: 1 }])

  // The worker that owns the partition after a rebalance finds the same gap.
  const other = await pipeline.start('curate')
  const both = [pipeline.services.curate, other]
  await expect.poll(() => gaps(both)).toEqual(expectedAlarms)
  await other.stop()
  await expect.poll(() => gaps()).toEqual(expectedAlarms)
  expect(await partitions()).toEqual([{ partition: 1 }])
  const committed = await groupOffsets(pipeline.env, `${pipeline.place.namespace}curate`, [procedures])
  expect(committed.find(({ partition }) => partition === 0)?.metadata).toContain(
    `"incarnation":"${incarnation}","hwm":"${reached - 1}"`,
  )
  expect(await pipeline.sums('procedure')).toMatchObject({ gaps: 0, overlaps: 0 })
})
