/**
 * A log that lost its end: its offsets are given again, to other records. Each record that is accepted afterwards is loaded, none is taken
 * for a replay of the one that had its offset before, and an operator is told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { listFindings } from '#core/ledger/findings.ts'
import { commitAs, groupOffsets, testKafka } from '../helpers/kafka.ts'
import { onlyLong } from '../helpers/long.ts'
import { type OwnKafka, startOwnKafka } from '../helpers/own-kafka.ts'
import { type Feed, recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const WAIT = { interval: 100 }
let broker: OwnKafka
let line: Pipeline

beforeAll(async () => {
  broker = await startOwnKafka()
  line = await startPipeline({ ...broker.env, CHAINON_PARTITIONS: '1' })
})
afterAll(async () => {
  await line?.stop()
  await broker?.stop()
})

interface Cut {
  readonly topic: string
  readonly offset: bigint
}

/** @returns how many messages the partition of a topic has had */
async function lengthOf(topic: string): Promise<bigint> {
  const [extent] = await withAdmin(testKafka(line.env), (admin) => topicExtent(admin, topic))
  return extent?.high ?? 0n
}

/** The broker is killed, loses the ends of these logs, and starts again. */
async function cutAll(cuts: readonly Cut[]): Promise<void> {
  await broker.kill()
  for (const { topic, offset } of cuts) broker.truncate(topic, 0, offset)
  await broker.start()
  for (const { topic, offset } of cuts)
    await expect.poll(() => lengthOf(topic).catch(() => undefined), WAIT).toBe(offset)
}

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

  async function allLoaded(): Promise<void> {
    await expect
      .poll(async () => (await line.rows<{ n: string }>(`SELECT toString(count()) AS n FROM ${feed}`))[0]?.n, WAIT)
      .toBe(String(sent))
  }

  return {
    topic,
    push,
    length: () => lengthOf(topic),
    /** All that was sent is in the pseudonymised log. */
    written: () => expect.poll(() => lengthOf(pseudonymised), WAIT).toBe(BigInt(sent)),
    cutPseudonymised: (offset: bigint) => cutAll([{ topic: pseudonymised, offset }]),
    allLoaded,
    /** 40 records and 30 more are loaded. @returns the length of the log before the 30 */
    async passed(): Promise<bigint> {
      await push(40)
      const kept = await lengthOf(topic)
      await push(30)
      await allLoaded()
      return kept
    },
    /** A truncation of the log, for `cutAll`. */
    cutAt(offset: bigint): Cut {
      truncations++
      return { topic, offset }
    },
    truncateTo(offset: bigint): Promise<void> {
      truncations++
      return cutAll([{ topic, offset }])
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

test('a log that is longer again before deidentify looks', async () => {
  const log = logOf('diagnosis')
  const kept = await log.passed()
  line.services.deidentify.child.kill('SIGSTOP')
  await log.truncateTo(kept)
  await log.push(50)
  line.services.deidentify.child.kill('SIGCONT')
  await log.loadedOnce()
})

test('while deidentify is stopped: a log that is shorter than what it read, one that is longer, and one that is longer than what it committed and shorter than what it wrote', async () => {
  const [shorter, longer, uncommitted] = [logOf('document'), logOf('medication'), logOf('patient')]
  const [keptShorter, keptLonger] = [await shorter.passed(), await longer.passed()]
  await uncommitted.push(40)
  await uncommitted.push(10)
  const keptUncommitted = await uncommitted.length()
  await uncommitted.push(20)
  await uncommitted.allLoaded()
  await line.services.deidentify.stop()
  // As after a kill between writing and committing, or when the broker lost the commit as well.
  const group = `${line.place.namespace}deidentify`
  const [committed] = await groupOffsets(line.env, group, [uncommitted.topic])
  if (!committed) throw new Error('deidentify committed nothing')
  await commitAs(line.env, group, [{ ...committed, offset: String(keptUncommitted - 10n) }])
  await cutAll([shorter.cutAt(keptShorter), longer.cutAt(keptLonger), uncommitted.cutAt(keptUncommitted)])
  await shorter.push(20)
  await longer.push(50)
  await uncommitted.push(30)
  line.services.deidentify = await line.start('deidentify')
  for (const log of [shorter, longer, uncommitted]) await log.loadedOnce()
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

test('while deidentify runs: a log that is shorter than what it read, and one that is truncated twice to the same place', async (context) => {
  onlyLong(context)
  const [once, twice] = [logOf('procedure'), logOf('encounter')]
  const [keptOnce, keptTwice] = [await once.passed(), await twice.passed()]
  await cutAll([once.cutAt(keptOnce), twice.cutAt(keptTwice)])
  for (const log of [once, twice]) {
    await log.push(20)
    await log.loadedOnce()
  }
  await twice.truncateTo(keptTwice)
  await twice.push(30)
  await twice.loadedOnce()
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
