import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChainonError } from '#core/faults/errors.ts'
import { pipeline } from '#core/pipeline/pipeline.ts'
import type { BatchStep, LongStep, Step } from '#core/pipeline/step.ts'
import { drop, fail, pass } from '#core/pipeline/verdict.ts'

const odd: Step<number, number, 'type'> = { name: 'odd', run: (n) => (n % 2 === 0 ? fail('type') : pass(n)) }
const small: Step<number, number, 'number-range', 'replayed'> = {
  name: 'small',
  run: (n) => (n > 900 ? drop('replayed') : n > 500 ? fail('number-range') : pass(n)),
}
const ranked: BatchStep<number, { n: number; rank: number }, 'enum'> = {
  name: 'ranked',
  runBatch: async (all) => all.map((n, rank) => (n === 7 ? fail('enum') : pass({ n, rank }))),
}
const text: Step<{ n: number; rank: number }, string> = { name: 'text', run: ({ n, rank }) => pass(`${rank}:${n}`) }

describe('a record pipeline', () => {
  it('has for every record the result of the first verdict that is not `pass`', () => {
    const run = pipeline<number>()
      .step(odd, { type: 'rejected' })
      .step(small, { 'number-range': 'quarantined' })
      .build()
    fc.assert(
      fc.property(fc.nat(1000), (n) => {
        const result = run.run(n)
        if (n % 2 === 0) expect(result).toMatchObject({ stage: 'odd', fault: 'type', outcome: 'rejected' })
        else if (n > 900) expect(result).toEqual({ kind: 'drop', reason: 'replayed' })
        else if (n > 500) expect(result).toMatchObject({ stage: 'small', outcome: 'quarantined' })
        else expect(result).toEqual({ kind: 'pass', value: n })
      }),
    )
  })

  it('names the fault where the step named no field, and the stage where the fault was found first', () => {
    const forwarded: Step<string, string, 'undecodable'> = {
      name: 'forwarded',
      run: () => ({ ...fail('undecodable'), foundBy: { service: 'deidentify', stage: 'decodeIdentified' } }),
    }
    expect(pipeline<string>().step(forwarded, { undecodable: 'quarantined' }).build().run('x')).toMatchObject({
      stage: 'decodeIdentified',
      details: [{ pointer: '', rule: 'undecodable' }],
    })
  })

  it('throws on a fault that the step does not name: a record would have no outcome', () => {
    const untyped = { name: 'untyped', run: () => fail('enum') } as unknown as Step<string, string, 'type'>
    expect(() => pipeline<string>().step(untyped, { type: 'rejected' }).build().run('x')).toThrow(/untyped.*enum/)
  })
})

describe('a batch pipeline', () => {
  const batch = pipeline<number>()
    .step(odd, { type: 'rejected' })
    .batchStep(ranked, { enum: 'quarantined' })
    .step(text)
    .buildBatch()

  it('returns one result for each input, in order, for any failures', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 700 }), async (inputs) => {
        const results = await batch.runBatch(inputs)
        expect(results).toHaveLength(inputs.length)
        let rank = 0
        for (const [index, n] of inputs.entries()) {
          const result = results[index]
          if (n % 2 === 0) expect(result).toMatchObject({ stage: 'odd', outcome: 'rejected' })
          else if (n === 7) expect(result).toMatchObject({ stage: 'ranked', outcome: 'quarantined' })
          else expect(result).toEqual({ kind: 'pass', value: `${rank}:${n}` })
          if (n % 2 !== 0) rank++
        }
      }),
      { numRuns: 30 },
    )
  })

  it('calls a batch step also with nothing left, and with an empty batch', async () => {
    expect(await batch.runBatch([])).toEqual([])
    expect(await batch.runBatch([2, 4])).toMatchObject([{ kind: 'fail' }, { kind: 'fail' }])
  })

  it('throws when a batch step returns too few verdicts', async () => {
    const incomplete: BatchStep<number, number> = { name: 'incomplete', runBatch: async ([first = 0]) => [pass(first)] }
    await expect(pipeline<number>().batchStep(incomplete).buildBatch().runBatch([1, 2])).rejects.toThrow(/incomplete/)
  })
})

describe('a step that takes long for one record', () => {
  const long: LongStep<number, string, 'type'> = {
    name: 'long',
    runLong: async (n, giveWay) => {
      for (let part = 0; part < 3; part++) await giveWay(n)
      return n === 13 ? fail('type') : pass(String(n))
    },
  }
  const made = pipeline<number>().longStep(long, { type: 'rejected' }).buildBatch()

  it('has one result for each record, in order', async () => {
    expect(await made.runBatch([1, 13, 2])).toMatchObject([
      { kind: 'pass', value: '1' },
      { kind: 'fail', stage: 'long', fault: 'type', outcome: 'rejected' },
      { kind: 'pass', value: '2' },
    ])
  })

  it('lets the event loop turn within a record, which is not under way meanwhile', async () => {
    const order: string[] = []
    const guard = { enter: (index: number) => order.push(`enter ${index}`) > 0, leave: () => void order.push('leave') }
    setImmediate(() => order.push('another task'))
    const guarded = pipeline<number>().longStep(long, { type: 'rejected' }).isolate('quarantined').buildBatch()
    await guarded.runBatch([30_000, 1], guard)
    expect(order).toEqual(['enter 0', 'leave', 'another task', 'enter 0', 'enter 1', 'leave'])
  })

  it('fails the record that its guard does not let in, and that which makes it throw, and no other', async () => {
    const bug: LongStep<number, number> = {
      name: 'bug',
      runLong: async (n) => {
        if (n === 2) throw new TypeError('a bug')
        return pass(n)
      },
    }
    const guarded = pipeline<number>().longStep(bug).isolate('quarantined').buildBatch()
    const guard = { enter: (index: number) => index !== 0, leave: () => undefined }
    expect(await guarded.runBatch([1, 2, 3], guard)).toMatchObject([
      { kind: 'fail', fault: 'worker-failed', stage: 'process' },
      { kind: 'fail', fault: 'worker-failed', stage: 'bug' },
      { kind: 'pass', value: 3 },
    ])
    await expect(pipeline<number>().longStep(bug).buildBatch().runBatch([2])).rejects.toThrow('a bug')
  })
})

describe('isolate', () => {
  const bug = (value: string): Step<string, string> => ({
    name: 'bug',
    run: (input) => {
      if (input === value) throw new TypeError('a bug')
      return pass(input)
    },
  })
  const kinds = (results: readonly { readonly kind: string }[]) => results.map(({ kind }) => kind)

  it('fails the record that makes a step throw, and no other', async () => {
    const isolated = pipeline<string>().step(bug('b')).isolate('quarantined').buildBatch()
    const results = await isolated.runBatch(['a', 'b', 'c'])
    expect(kinds(results)).toEqual(['pass', 'fail', 'pass'])
    expect(results[1]).toMatchObject({ fault: 'worker-failed', stage: 'bug', outcome: 'quarantined' })
  })

  it('runs the records of a batch step one by one when it throws', async () => {
    const batches: string[] = []
    const step: BatchStep<string, string> = {
      name: 'together',
      runBatch: async (inputs) => {
        batches.push(inputs.join(''))
        if (inputs.includes('b')) throw new TypeError('a bug')
        return inputs.map((input) => pass(input))
      },
    }
    const results = await pipeline<string>()
      .batchStep(step)
      .isolate('quarantined')
      .buildBatch()
      .runBatch(['a', 'b', 'c'])
    expect(kinds(results)).toEqual(['pass', 'fail', 'pass'])
    expect(batches).toEqual(['abc', 'a', 'b', 'b', 'b', 'c'])
  })

  it("leaves a dependency's error, and an exception without it, to the caller", async () => {
    const down: BatchStep<string, string> = {
      name: 'down',
      runBatch: () => Promise.reject(new ChainonError('dependency-unavailable', 'Redis is down')),
    }
    await expect(
      pipeline<string>().batchStep(down).isolate('quarantined').buildBatch().runBatch(['a']),
    ).rejects.toThrow('Redis')
    expect(() => pipeline<string>().step(bug('b')).build().run('b')).toThrow('a bug')
  })
})
