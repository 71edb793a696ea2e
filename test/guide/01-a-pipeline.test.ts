/**
 * Chapter 1: a pipeline.
 *
 * A record's way is a list of steps, read from top to bottom. A step is a pure function with a name: it gets a value and gives a
 * verdict. What a record does wrong is a value of the verdict, never an exception; an exception is a broken part or a bug.
 *
 * The real ones: services/deidentify/pipeline.ts, services/curate/pipeline.ts.
 */
import { expect, test } from 'vitest'
import { type Pipeline, pipeline, type Step } from '#core/pipeline/pipeline.ts'
import { drop, pass, quarantine, type Verdict } from '#core/pipeline/verdict.ts'

interface Weighed {
  readonly kilograms: number
}

/** `pass` hands a value on; `quarantine` ends the record's way and says which field broke which rule, never the value. */
const readNumber: Step<string, number, 'type'> = {
  name: 'readNumber',
  run: (text) => (/^\d+$/.test(text) ? pass(Number(text)) : quarantine('type', { pointer: '/weight', rule: 'type' })),
}

/** `drop` ends it too, without a trace but a counter: a replay, for instance. */
const skipZero: Step<number, number, 'replayed'> = {
  name: 'skipZero',
  run: (grams) => (grams === 0 ? drop('replayed') : pass(grams)),
}

const toKilograms: Step<number, Weighed> = {
  name: 'toKilograms',
  run: (grams) => pass({ kilograms: grams / 1000 }),
}

/** The type carries what goes in, what comes out, and every fault of every step: nothing of it is written by hand. */
const weigh = pipeline<string>('weigh').step(readNumber).step(skipZero).step(toKilograms).build()

test('a value goes from step to step', () => {
  expect(weigh.steps).toEqual(['readNumber', 'skipZero', 'toKilograms'])
  expect(weigh.run('72500')).toEqual({ kind: 'pass', value: { kilograms: 72.5 } })
})

test('the first verdict that is not `pass` is the last', () => {
  const verdict = weigh.run('heavy')
  expect(verdict).toEqual({ kind: 'quarantine', fault: 'type', detail: { pointer: '/weight', rule: 'type' } })
  // The value itself is in no verdict: verdicts end in tables, logs and metrics.
  expect(JSON.stringify(verdict)).not.toContain('heavy')
  expect(weigh.run('0')).toEqual({ kind: 'drop', fault: 'replayed' })
})

/** A handler is exhaustive at compile time: a step with a new fault does not compile until somebody decided what to do. */
function outcome(verdict: Verdict<Weighed, 'type' | 'replayed'>): string {
  switch (verdict.kind) {
    case 'pass':
      return 'loaded'
    case 'quarantine':
      return `quarantined: ${verdict.detail.rule}`
    case 'drop':
      return `dropped: ${verdict.fault}`
  }
}

test('a handler knows every fault', () => {
  expect(['1000', '?', '0'].map((text) => outcome(weigh.run(text)))).toEqual([
    'loaded',
    'quarantined: type',
    'dropped: replayed',
  ])
  // @ts-expect-error this pipeline may also drop: leaving that out of the type does not compile
  const forgetful: Pipeline<string, Weighed, 'type'> = weigh
  expect(forgetful.name).toBe('weigh')
})

test('what a step throws goes through: it is no record’s fault', () => {
  const broken: Step<string, string> = {
    name: 'broken',
    run() {
      throw new Error('the disk is full')
    },
  }
  // The worker stops the partition without committing: the record is taken up again when the part is mended.
  expect(() => pipeline<string>('p').step(broken).build().run('x')).toThrow('the disk is full')
})
