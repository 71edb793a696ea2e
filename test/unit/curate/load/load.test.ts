import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { columnsOf } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { blocksOf } from '../../../../services/curate/load/blocks.ts'
import { formatProgress, parseProgress } from '../../../../services/curate/load/intent.ts'
import { orderByOrigin } from '../../../../services/curate/load/order.ts'
import { rowBuilder } from '../../../../services/curate/load/rows.ts'
import { ruleTally } from '../../../../services/curate/load/rule-tally.ts'
import { validateRecord } from '../../../../services/curate/steps/validate-record.ts'

const contracts = loadContracts('schemas/feeds')
const observation = contracts.find(({ feed }) => feed === 'observation') as FeedContract
const TOPIC = 'A'.repeat(22)
const SOURCE = { incarnation: TOPIC, partition: 1 }
const none = () => -1n
const message = (offset: number, origin?: number, incarnation = TOPIC) =>
  ({
    offset: String(offset),
    headers:
      origin === undefined
        ? {}
        : { 'chainon-origin': Buffer.from(String(origin)), 'chainon-incarnation': Buffer.from(incarnation) },
  }) as unknown as KafkaMessage

describe('orderByOrigin', () => {
  it('loads each origin once and in order, also when it was written several times', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 8 })), { maxLength: 40 }), (steps) => {
        // A suspended or restarted worker writes earlier origins again: origins repeat, but none is left out.
        const origins: number[] = []
        let next = 0
        for (const [back, count] of steps) {
          const start = Math.max(0, next - back)
          for (let origin = start; origin < start + count; origin++) origins.push(origin)
          next = Math.max(next, start + count)
        }
        const ordered = orderByOrigin(
          origins.map((origin, index) => message(index, origin)),
          none,
        )
        expect(ordered.gap).toBeUndefined()
        expect(ordered.messages.map(({ origin }) => Number(origin))).toEqual(Array.from({ length: next }, (_, i) => i))
        expect(ordered.replayed).toBe(origins.length - next)
      }),
    )
  })

  it('stops at the first gap and reports its offsets', () => {
    const ordered = orderByOrigin([message(0, 0), message(1, 1), message(2, 3), message(3, 2)], none)
    expect(ordered.messages).toHaveLength(2)
    expect(ordered.hwm).toBe(1n)
    expect(ordered.gap).toEqual({ expected: 2n, found: 3n })
    expect(ordered.read).toBe(2)
  })

  it('ends a batch at the first message of another incarnation: the same offsets are other records there', () => {
    const other = 'B'.repeat(22)
    const log = [message(0, 4), message(1), message(2, 0, other), message(3, 5)]
    expect(orderByOrigin(log, () => 3n)).toMatchObject({ incarnation: TOPIC, read: 2, foreign: 1, hwm: 4n })
    expect(orderByOrigin(log.slice(2), none)).toMatchObject({ incarnation: other, read: 1, hwm: 0n })
  })

  it('counts messages without an origin, and does not load them', () => {
    expect(orderByOrigin([message(0), message(1, 0)], none)).toMatchObject({ foreign: 1, replayed: 0, hwm: 0n })
  })
})

describe('progress', () => {
  it('is the same after it was written to the metadata of the group and read again', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -1n, max: 2n ** 63n }),
        fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n }), { nil: undefined }),
        (hwm, to) => {
          const intent = to && {
            to,
            originTo: to,
            layout: 'a'.repeat(12),
            attempt: 'mh7k2x9q',
            deadline: 1_793_000_000_000,
          }
          const incarnation = `${TOPIC}/2147483647@9223372036854775807`
          const progress = { logIncarnation: TOPIC, incarnation, hwm, ...(intent && { intent }) }
          expect(parseProgress(formatProgress(progress))).toEqual(progress)
          expect(Buffer.byteLength(formatProgress(progress))).toBeLessThan(400)
        },
      ),
    )
  })

  it.each([
    '',
    'null',
    '{}',
    '{"hwm":"5"}',
    'x',
    '{"log":"L","incarnation":"A","hwm":"a"}',
    '{"log":"L","incarnation":"A","hwm":"1","to":2}',
    '{"log":"L","incarnation":"A","hwm":"1","to":"2"}',
  ])('is not read from %o', (text) => {
    expect(parseProgress(text)).toBeUndefined()
  })
})

describe('a batch as blocks', () => {
  const rows = rowBuilder(observation, pseudonymiser(2, randomBytes(32)))
  const record = {
    ...{
      record_id: 'p1_r',
      record_version: 3,
      operation: 'upsert',
      patient_id: 'p1_p',
      encounter_id: null,
      code_system: 'loinc',
      code: '718-7',
    },
    ...{
      effective_at: 5,
      value_number: 1,
      value_unit: null,
      value_code: null,
      reference_low: null,
      reference_high: null,
    },
    ...{ _producer: 'h', _received_at: 7_200_000_000, _rule_outcomes: [] },
  }
  const range = {
    feed: 'observation',
    ...SOURCE,
    logIncarnation: 'L',
    attempt: '',
    from: 10n,
    to: 12n,
    originFrom: 8n,
    originTo: 10n,
    replayed: 0,
    now: 9,
  }

  it('has rows with exactly the columns of the table, with second-level pseudonyms', () => {
    const row = rows.row(record, ['number-has-unit'], SOURCE, 8n)
    expect(rows.columns).toEqual(columnsOf(observation).map(({ name }) => name))
    expect(row).toHaveLength(rows.columns.length)
    expect(row[0]).toMatch(/^p2_/)
    expect(JSON.stringify(row)).not.toContain('p1_')
  })

  it('has the range in its tokens, no empty block, and the ledger last', () => {
    const failure = {
      origin: 9n,
      failed: {
        kind: 'fail',
        outcome: 'rejected',
        stage: 'validateRecord',
        fault: 'rule-rejected',
        details: [{ pointer: '/code', rule: 'type' }],
        provenance: { producer: 'h', receivedAt: 5 },
      },
    } as const
    const blocks = blocksOf(
      range,
      {
        rows: [rows.row(record, [], SOURCE, 8n)],
        failures: [failure],
        rejected: 1,
        quarantined: 0,
        unlinked: 0,
        limited: 0,
        links: [],
        rules: [],
        receivedAt: [5],
      },
      rows,
    )
    expect(blocks.map(({ table, token }) => [table, token])).toEqual([
      ['feed_observation', `observation:${TOPIC}:1:8-10:feed_observation`],
      ['quarantine', `observation:${TOPIC}:1:8-10:quarantine`],
      ['ledger_batch', `observation:${TOPIC}:1:8-10:ledger_batch`],
    ])
    expect(blocks.at(-1)?.rows).toEqual([['observation', TOPIC, 1, '8', '10', 1, 1, 0, 0, 0, 'L', '10', '12', 9]])
    for (const block of blocks) for (const row of block.rows) expect(row).toHaveLength(block.columns.length)
  })

  it('has no tile for a batch of replays', () => {
    expect(
      blocksOf(
        { ...range, originTo: 8n },
        {
          rows: [],
          failures: [],
          rejected: 0,
          quarantined: 0,
          unlinked: 0,
          limited: 0,
          links: [],
          rules: [],
          receivedAt: [],
        },
        rows,
      ),
    ).toEqual([])
  })

  it('counts why a text is missing, and says so in its row', () => {
    const tally = ruleTally()
    const step = validateRecord(observation)(tally)
    const provenance = { producer: 'h', receivedAt: 7_200_000_000 }
    const validate = (value_text: string | null, outcomes: readonly string[]) =>
      step.run({ origin: 1n, record: { ...record, value_text, _rule_outcomes: outcomes }, provenance })
    expect(validate(null, ['text-value-text-binary=failed'])).toMatchObject({
      value: { flags: expect.arrayContaining(['text-value-text-binary']) },
    })
    validate('vu par [NAME]', [])
    validate(null, [])
    const counted = (rule: string) => tally.rows().find((one) => one.rule === rule)
    expect(counted('text-value-text-binary')).toMatchObject({
      severity: 'flag',
      checked: 2,
      failed: 1,
      notApplicable: 1,
    })
    expect(counted('text-value-text-markup')).toMatchObject({ checked: 1, failed: 0, notApplicable: 2 })
  })

  it('counts numerator and denominator of each rule by producer and hour', () => {
    const tally = ruleTally()
    const step = validateRecord(observation)(tally)
    const provenance = { producer: 'h', receivedAt: 7_200_000_000 }
    const validate = (values: Record<string, unknown>) => step.run({ origin: 1n, record: values, provenance })
    expect(validate(record)).toMatchObject({ kind: 'pass', value: { flags: ['number-has-unit'] } })
    validate({ ...record, value_number: null })
    expect(tally.rows().find(({ rule }) => rule === 'number-has-unit')).toMatchObject({
      producer: 'h',
      hour: 7200,
      checked: 1,
      failed: 1,
      notApplicable: 1,
    })
    expect(validate({ ...record, effective_at: -1e13 })).toEqual({
      kind: 'fail',
      fault: 'rule-rejected',
      provenance,
      details: [{ pointer: '/effective_at', rule: 'effective-after-1900' }],
    })
  })
})
