/** Records that Kafka deleted before deidentify read them: the gap is exact, and an operator's acceptance lets the rest go on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readEntry } from '#core/journal/entry.ts'
import { verifyJournal } from '#core/journal/verify.ts'
import { trusted } from '../../services/cli/audit/known.ts'
import { readEntries } from '../../services/cli/audit/source.ts'
import { sender } from '../helpers/follow.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { commitAs, deleteRecords, groupOffsets } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const FEED = 'observation'
let pipeline: Pipeline
let topic = ''
let sent = 0

beforeAll(async () => {
  pipeline = await startPipeline({ CHAINON_PARTITIONS: '1' })
  topic = `${pipeline.place.namespace}identified.${FEED}`
})
afterAll(async () => pipeline?.stop())

async function push(count: number): Promise<void> {
  const records = Array.from({ length: count }, () => recordOf(FEED, `r${sent++}`, 'ipp-1'))
  await pipeline.push('chu', FEED, records)
}

const chainon = (...args: string[]) => runToEnd('services/cli/chainon.mjs', args, pipeline.env)

interface Listed {
  readonly id: string
  readonly feed: string
  readonly from: string
  readonly to: string
  readonly why: string
}

async function gaps(): Promise<readonly Listed[]> {
  const { stdout, stderr } = await chainon('gap', 'list', '--json')
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Listed[]
}

const sums = () => pipeline.sums(FEED)

test('records deleted before deidentify read them: an exact gap, and the partition goes on when it is accepted', async () => {
  await push(10)
  await pipeline.completeLedger()
  expect(await gaps()).toEqual([])
  await pipeline.services.deidentify.stop()
  const chu = sender(pipeline.services.gateway.url, pipeline.key('chu'))
  const receipt = await chu.send(FEED, [recordOf(FEED, 'followed', 'ipp-1')])
  await push(19)
  // What the retention does, without waiting for it.
  await deleteRecords(pipeline.env, topic, '25')
  pipeline.services.deidentify = await pipeline.start('deidentify')
  await expect.poll(async () => (await pipeline.services.curate.alarms()).map(({ code }) => code)).toContain('gap')
  const [gap, ...others] = await gaps()
  expect(others).toEqual([])
  expect(gap).toMatchObject({ feed: FEED, partition: 0, from: '10', to: '25', records: '15', why: 'expired' })

  const id = gap?.id ?? ''
  const planned = await chainon('gap', 'accept', id, '--reason', 'tested', '--by', 'op', '--dry-run')
  expect(planned.status).toBe(0)
  expect(JSON.parse(planned.stdout)).toMatchObject({
    from_offset: '10',
    to_offset: '25',
    lost: '15',
    closed_by: 'op',
  })
  expect(await gaps(), 'a dry run writes nothing').toHaveLength(1)

  expect((await chainon('gap', 'accept', id, '--reason', 'tested', '--by', 'op')).status).toBe(0)
  // Without a restart of curate.
  await pipeline.completeLedger()
  expect(await sums()).toMatchObject({ accepted: 30, loaded: 15, lost: 15, in_flight: 0, gaps: 0, overlaps: 0 })
  expect(await gaps()).toEqual([])
  expect(await chu.states(receipt)).toEqual([{ index: 0, feed: FEED, state: 'lost' }])
  await expect.poll(() => pipeline.services.curate.alarms()).toEqual([])
  const entries = await readEntries('topic', pipeline.env)
  const accepted = entries.flatMap(({ line }) => readEntry(line) ?? []).filter(({ action }) => action === 'gap-accept')
  expect(accepted).toMatchObject([
    { object: `gap:${id}`, outcome: 'begun', facts: { records: 15 } },
    { object: `gap:${id}`, outcome: 'done', facts: { records: 15 } },
  ])
  const { writers } = trusted(pipeline.place.folder, [], undefined)
  expect(verifyJournal(entries, writers, []).findings).toEqual([])
  const findings = await chainon('finding', 'list', '--all', '--json')
  expect(JSON.parse(findings.stdout)).toMatchObject([
    { code: 'gap', from: '10', to: '25', closed_by: 'op', reason: 'tested' },
  ])
  const ledger = await chainon('ledger')
  expect(ledger.status).toBe(0)
  expect(ledger.stdout).toContain('15 records are lost')
  await push(5)
  await pipeline.completeLedger()
  expect(await sums()).toMatchObject({ loaded: 20, lost: 15 })
})

test('records that all expired, with none after them: the gap is listed and accepted although curate never saw it', async () => {
  await pipeline.services.deidentify.stop()
  await push(5)
  await deleteRecords(pipeline.env, topic, '40')
  pipeline.services.deidentify = await pipeline.start('deidentify')
  const [gap] = await gaps()
  expect(gap).toMatchObject({ from: '35', to: '40', why: 'expired' })
  expect((await chainon('gap', 'accept', gap?.id ?? '', '--reason', 'tested')).status).toBe(0)
  await push(5)
  await pipeline.completeLedger()
  expect(await sums()).toMatchObject({ accepted: 45, loaded: 25, lost: 20, gaps: 0, overlaps: 0 })
})

test('records that can still be read are never accepted as lost', async () => {
  const group = `${pipeline.place.namespace}deidentify`
  await pipeline.services.deidentify.stop()
  const [before] = await groupOffsets(pipeline.env, group, [topic])
  await push(5)
  await commitAs(pipeline.env, group, [{ topic, partition: 0, offset: '50', metadata: '' }])
  const [gap] = await gaps()
  expect(gap).toMatchObject({ from: '45', to: '50', why: 'not-in-log' })
  const refused = await chainon('gap', 'accept', gap?.id ?? '', '--reason', 'tested')
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain('are not lost')
  expect(before?.offset).toBe('45')
  await commitAs(pipeline.env, group, [{ topic, partition: 0, offset: '45', metadata: '' }])
  pipeline.services.deidentify = await pipeline.start('deidentify')
  await pipeline.completeLedger()
  expect(await gaps()).toEqual([])
  expect(await sums()).toMatchObject({ accepted: 50, loaded: 30, lost: 20, gaps: 0, overlaps: 0 })
})
