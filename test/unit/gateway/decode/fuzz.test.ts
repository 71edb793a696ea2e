/** A selection of `npm run fuzz`: no input makes a parser fail, each is refused with a reason, and the good records beside it are taken. */
import { expect, test } from 'vitest'
import { type Case, FORMATS, generate } from '../../../fuzz/cases.ts'
import { judge } from '../../../fuzz/judge.ts'
import { Random } from '../../../fuzz/random.ts'

const CASES = 700

test('generated inputs of every format', async () => {
  const seen = new Map<string, { taken: number; refused: number }>()
  for (let at = 0; at < CASES; at++) {
    const one = generate(new Random(7_000_021 + at))
    const found = await judge(one).catch((error: unknown) => {
      throw new Error(`case ${at} (${one.format})`, { cause: error })
    })
    const of = seen.get(one.format) ?? { taken: 0, refused: 0 }
    seen.set(one.format, { taken: of.taken + found.taken, refused: of.refused + found.refused.length })
  }
  for (const format of FORMATS) {
    expect(seen.get(format)?.taken, format).toBeGreaterThan(0)
    expect(seen.get(format)?.refused, format).toBeGreaterThan(0)
  }
})

test('the judge finds a record that is lost, and an error that is no refusal', async () => {
  const good: Case = { format: 'ndjson', body: Buffer.from('{}'), good: ['a'] }
  await expect(judge(good)).rejects.toThrow(/good records are not taken: a/)
  await expect(judge({ ...good, body: undefined as unknown as Buffer })).rejects.toThrow(TypeError)
})
