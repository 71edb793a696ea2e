import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pipeline } from '#core/pipeline/pipeline.ts'
import type { BatchStep, Step } from '#core/pipeline/step.ts'
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
  it('says for every record what its first verdict that is not `pass` says', () => {
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
    const heard: Step<string, string, 'undecodable'> = {
      name: 'heard',
      run: () => ({ ...fail('undecodable'), foundBy: { service: 'deidentify', stage: 'decodeIdentified' } }),
    }
    expect(pipeline<string>().step(heard, { undecodable: 'quarantined' }).build().run('x')).toMatchObject({
      stage: 'decodeIdentified',
      details: [{ pointer: '', rule: 'undecodable' }],
    })
  })

  it('throws on a fault that the step does not name: a record would have no outcome', () => {
    const lying = { name: 'lying', run: () => fail('enum') } as unknown as Step<string, string, 'type'>
    expect(() => pipeline<string>().step(lying, { type: 'rejected' }).build().run('x')).toThrow(/lying.*enum/)
  })
})

describe('a batch pipeline', () => {
  const batch = pipeline<number>()
    .step(odd, { type: 'rejected' })
    .batchStep(ranked, { enum: 'quarantined' })
    .step(text)
    .buildBatch()

  it('gives one result for each input, in order, whoever fails', async () => {
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

  it('throws when a batch step gives too few verdicts', async () => {
    const forgetful: BatchStep<number, number> = { name: 'forgetful', runBatch: async ([first = 0]) => [pass(first)] }
    await expect(pipeline<number>().batchStep(forgetful).buildBatch().runBatch([1, 2])).rejects.toThrow(/forgetful/)
  })
})
