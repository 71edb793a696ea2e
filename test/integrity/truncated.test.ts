/**
 * A log that lost its end: its offsets are given again, to other records. Each record that is accepted afterwards is loaded, none is taken
 * for a replay of the one that had its offset before, and an operator is told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { listFindings } from '#core/ledger/findings.ts'
import { commitAs, groupOffsets, testKafka } from '../helpers/kafka.ts'
import { type OwnKafka, startOwnKafka } from '../helpers/own-kafka.ts'
import { type Feed, recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const WAIT = { timeout: 45_000, interval: 100 }
let broker: OwnKafka
let line: Pipeline

beforeAll(async () => {
  broker = await startOwnKafka()
  line = await startPipeline({ ...broker.env, CHAINON_PARTITIONS: '1' })
}, 120_000)
afterAll(async () => {
  await line?.stop()
  await broker?.stop()
})

/** The log of one feed, which no other test uses. */
function logOf(feed: Feed) {
  const topic = `${line.place.namespace}identified.${feed}`
  const pseudonymised = `${line.place.namespace}pseudonymised.${feed}`
  let sent = 0
  let truncations = 0

  /** The gateway finds the broker again a moment after its start: a request that is not accepted is sent again. */
  async function push(count: number): Promise<void> {
    const records = Array.from({ length: count }, () => sent++).map((id) => recordOf(feed, `r${id}`, `ipp-${id}`))
    const accepted = () =>
      line.push('chu', feed, records).then(
        () => true,
        () => false,
      )
    await expect.poll(accepted, WAIT).toBe(true)
  }

  /** @returns how many messages the partition has had */
  async function length(of = topic): Promise<bigint> {
    const [extent] = await withAdmin(testKafka(line.env), (admin) => topicExtent(admin, of))
    return extent?.high ?? 0n
  }

  async function allLoaded(): Promise<void> {
    await expect
      .poll(async () => (await line.rows<{ n: string }>(`SELECT toString(count()) AS n FROM ${feed}`))[0]?.n, WAIT)
      .toBe(String(sent))
  }

  async function cut(of: string, offset: bigint): Promise<void> {
    await broker.kill()
    broker.truncate(of, 0, offset)
    await broker.start()
    await expect.poll(() => length(of).catch(() => undefined), WAIT).toBe(offset)
  }

  return {
    topic,
    push,
    length,
    /** All that was sent is in the pseudonymised log. */
    written: () => expect.poll(() => length(pseudonymised), WAIT).toBe(BigInt(sent)),
    cutPseudonymised: (offset: bigint) => cut(pseudonymised, offset),
    allLoaded,
    /** 40 records and 30 more are loaded. @returns the length of the log before the 30 */
    async passed(): Promise<bigint> {
      await push(40)
      const kept = await length()
      await push(30)
      await allLoaded()
      return kept
    },
    async truncateTo(offset: bigint): Promise<void> {
      truncations++
      await cut(topic, offset)
    },
    /** Raw, each origin once; an operator is told of each truncation, once. */
    async loadedOnce(): Promise<void> {
      await allLoaded()
      const [row] = await line.rows(
        `SELECT count() = uniqExact(_origin_incarnation, _origin_partition, _origin_offset) AS once,
                toUInt32(uniqExact(_origin_incarnation)) AS incarnations FROM feed_${feed}`,
      )
      expect(row).toEqual({ once: 1, incarnations: truncations + 1 })
      const findings = (await listFindings(line.clickhouse)).filter((finding) => finding.feed === feed)
      expect(findings.map(({ code }) => code)).toEqual(Array(truncations).fill('topic-truncated'))
      await line.completeLedger()
    },
  }
}

/** The client's own message. @param before how often it was there before */
const timesOutOfRange = () => line.services.deidentify.log().split('out of range').length - 1
const outOfRange = (before: number) => expect.poll(timesOutOfRange, WAIT).toBeGreaterThan(before)

test('a log that is shorter than what deidentify read, while it runs', async () => {
  const log = logOf('procedure')
  await log.truncateTo(await log.passed())
  await log.push(20)
  await log.loadedOnce()
})

test('a log that is longer again before deidentify looks', async () => {
  const log = logOf('diagnosis')
  const kept = await log.passed()
  line.services.deidentify.child.kill('SIGSTOP')
  await log.truncateTo(kept)
  await log.push(50)
  line.services.deidentify.child.kill('SIGCONT')
  await log.loadedOnce()
})

test.for([
  ['shorter', 20, 'document'],
  ['longer', 50, 'medication'],
] as const)('a log that is %s than what deidentify read, while it is stopped', async ([, more, feed]) => {
  const log = logOf(feed)
  const kept = await log.passed()
  await line.services.deidentify.stop()
  await log.truncateTo(kept)
  await log.push(more)
  line.services.deidentify = await line.start('deidentify')
  await log.loadedOnce()
})

test('a deidentify that is killed after it has noticed, before another record is accepted', async () => {
  const log = logOf('observation')
  const kept = await log.passed()
  const before = timesOutOfRange()
  await log.truncateTo(kept)
  await outOfRange(before)
  await sleep(1_000)
  line.services.deidentify.child.kill('SIGKILL')
  line.services.deidentify = await line.start('deidentify')
  await log.push(20)
  await log.loadedOnce()
})

test('two truncations to the same place', async () => {
  const log = logOf('encounter')
  const kept = await log.passed()
  await log.truncateTo(kept)
  await log.push(20)
  await log.loadedOnce()
  await log.truncateTo(kept)
  await log.push(30)
  await log.loadedOnce()
})

test('a log that is longer than what deidentify committed, and shorter than what it wrote', async () => {
  const log = logOf('patient')
  await log.push(40)
  await log.push(10)
  const kept = await log.length()
  await log.push(20)
  await log.allLoaded()
  await line.services.deidentify.stop()
  // As after a kill between writing and committing, or when the broker lost the commit as well.
  const group = `${line.place.namespace}deidentify`
  const [committed] = await groupOffsets(line.env, group, [log.topic])
  if (!committed) throw new Error('deidentify committed nothing')
  await commitAs(line.env, group, [{ ...committed, offset: String(kept - 10n) }])
  await log.truncateTo(kept)
  await log.push(30)
  line.services.deidentify = await line.start('deidentify')
  await log.loadedOnce()
})

test('a pseudonymised log that lost its end before curate read it: what it lost is written again', async () => {
  const log = logOf('death')
  await line.services.curate.stop()
  await log.push(40)
  // In a request of its own, which the cut does not divide.
  await log.written()
  const kept = await log.length()
  await log.push(30)
  await log.written()
  await log.cutPseudonymised(kept)
  await log.push(20)
  await log.written()
  line.services.curate = await line.start('curate')
  await log.loadedOnce()
})
