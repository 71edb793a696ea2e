/**
 * Chapter 1: a pipeline.
 *
 * The path of a record is a list of steps, read from top to bottom. A step is a pure function with a name: it receives a value and
 * returns a verdict. A record's fault is a value of the verdict, never an exception; an exception means a dependency or a bug.
 *
 * The pipelines of the services: services/gateway/encode/pipeline.ts, services/deidentify/pipeline.ts, services/curate/pipeline.ts.
 */
import { expect, test } from 'vitest'
import { pipeline, type RecordPipeline } from '#core/pipeline/pipeline.ts'
import type { BatchStep, Step } from '#core/pipeline/step.ts'
import { drop, type FaultDetail, fail, pass } from '#core/pipeline/verdict.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'

interface Weighed {
  readonly kilograms: number
}

/** `pass` gives a value to the next step; `fail` ends the path of the record and names the field and the rule, never the value. */
const readNumber: Step<string, number, 'type'> = {
  name: 'readNumber',
  run: (text) =>
    /^\d+$/.test(text) ? pass(Number(text)) : fail('type', undefined, [{ pointer: '/weight', rule: 'type' }]),
}

/** `drop` also ends the path, and the record is only counted: a replay, for instance. */
const skipZero: Step<number, number, never, 'replayed'> = {
  name: 'skipZero',
  run: (grams) => (grams === 0 ? drop('replayed') : pass(grams)),
}

const toKilograms: Step<number, Weighed> = {
  name: 'toKilograms',
  run: (grams) => pass({ kilograms: grams / 1000 }),
}

/** After each step, the pipeline names the outcome of a record for each fault that the step can find. */
const weigh = pipeline<string>().step(readNumber, { type: 'quarantined' }).step(skipZero).step(toKilograms).build()

test('a value passes from step to step', () => {
  expect(weigh.stages).toEqual(['readNumber', 'skipZero', 'toKilograms'])
  expect(weigh.run('72500')).toEqual({ kind: 'pass', value: { kilograms: 72.5 } })
})

test('the first verdict that is not `pass` is the last; the result names the step and the outcome', () => {
  const result = weigh.run('heavy')
  expect(result).toEqual({
    kind: 'fail',
    fault: 'type',
    details: [{ pointer: '/weight', rule: 'type' }],
    stage: 'readNumber',
    outcome: 'quarantined',
  })
  // The value itself is in no verdict: verdicts are written to tables, logs and metrics.
  expect(JSON.stringify(result)).not.toContain('heavy')
  expect(weigh.run('0')).toEqual({ kind: 'drop', reason: 'replayed' })
})

test('a batch step receives all records that passed so far, in one call', async () => {
  const average: BatchStep<number, number> = {
    name: 'average',
    runBatch: async (all) => all.map(() => pass(all.reduce((sum, one) => sum + one, 0) / all.length)),
  }
  const batch = pipeline<string>().step(readNumber, { type: 'quarantined' }).batchStep(average).buildBatch()
  const results = await batch.runBatch(['1', 'heavy', '3'])
  expect(results.map((result) => (result.kind === 'pass' ? result.value : result.outcome))).toEqual([
    2,
    'quarantined',
    2,
  ])
})

test('an exception of a step leaves the pipeline: it is not a fault of the record', () => {
  const broken: Step<string, string> = {
    name: 'broken',
    run: () => {
      throw new Error('the disk is full')
    },
  }
  // The worker stops the partition without committing: the record is read again when the dependency is reachable.
  expect(() => pipeline<string>().step(broken).build().run('x')).toThrow('the disk is full')
})

// The guarantees of the types. Each line below violates one on purpose: if it compiled, `@ts-expect-error` would be the error.

test('a step that is left out does not compile', () => {
  // @ts-expect-error toKilograms needs a number, and without readNumber it receives a text
  pipeline<string>().step(toKilograms)
  // @ts-expect-error the same for a batch step
  pipeline<string>().batchStep({ name: 'sum', runBatch: async (all: readonly number[]) => all.map((one) => pass(one)) })
})

test('a fault without an outcome does not compile', () => {
  // @ts-expect-error the outcome of a record with the fault `type` is missing
  pipeline<string>().step(readNumber)
  // @ts-expect-error the outcome is of another fault, and that of `type` is missing
  pipeline<string>().step(readNumber, { required: 'quarantined' })
  const stricter: Step<string, number, 'type' | 'max-length'> = readNumber
  // @ts-expect-error the outcome of the new fault of the step is missing
  pipeline<string>().step(stricter, { type: 'quarantined' })
})

test('a step that drops does not compile where no drop is allowed', () => {
  const complete = () => pipeline<string>().step(readNumber, { type: 'quarantined' }).step(toKilograms).build()
  const dense: RecordPipeline<string, Weighed, 'type', 'quarantined'> = complete()
  expect(dense.run('1000')).toEqual({ kind: 'pass', value: { kilograms: 1 } })
  // @ts-expect-error `weigh` may drop a record, and its origin would have no outcome
  const sparse: RecordPipeline<string, Weighed, 'type', 'quarantined'> = weigh
  expect(sparse.stages).toContain('skipZero')
})

test('a misspelt code does not compile', () => {
  // @ts-expect-error the table of faults has no such code
  expect(fail('typ')).toBeDefined()
  // @ts-expect-error the code of a request is not a fault of a record
  expect(fail('wrong-key')).toBeDefined()
  // @ts-expect-error a rule is the code of a fault or a rule id of a contract, not any text
  const detail: FaultDetail = { pointer: '/code', rule: 'loinc' }
  // @ts-expect-error a fault is not a reason to drop a record
  expect(drop('type')).toBeDefined()
  const raise = (alarms: Alarms) =>
    // @ts-expect-error the table of faults has no such code of an alarm
    alarms.raise({ id: 'a', code: 'gapp', message: '' })
  expect([detail.pointer, raise.length]).toEqual(['/code', 1])
})
