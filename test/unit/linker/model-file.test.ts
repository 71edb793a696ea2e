/** A model is copied to other machines: what a list of names, which anybody has, reads from its file. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { filterStore } from '../../../services/core/linkage/record-store.ts'
import type { Trait } from '../../../services/core/linkage/traits.ts'
import { encoding } from '../../../services/linker/evaluate/encoding.ts'
import { learn } from '../../../services/linker/evaluate/learn.ts'
import { readModel, writeModel } from '../../../services/linker/link/model-file.ts'
import { simulatedSet } from '../../helpers/simulated-set.ts'

const dir = mkdtempSync(join(tmpdir(), 'chainon-model-'))
afterAll(() => rmSync(dir, { recursive: true }))

const NAMED: readonly Trait[] = ['family_name', 'given_name', 'city', 'birth_place']
const data = simulatedSet(1200)
const { model, frequencies } = learn(data, false, { budget: 100, hub: 100 }, () => undefined)

/** @returns values of a list that a text has: encoded as the evaluation encodes, by code and key that stand in the source */
function valuesIn(text: string): string[] {
  const numbers = new Set(text.match(/\d+(?:\.\d+)?(?:e[-+]?\d+)?/g)?.map(Number))
  const { layout, encodeWritten } = encoding(data)
  const store = filterStore(layout)
  return NAMED.flatMap((trait) => {
    const at = layout.fields.findIndex((field) => field.trait === trait)
    const list = new Set(data.ids.map((_, record) => data.record(record)[trait] ?? ''))
    return [...list].filter((value) => numbers.has(store.fingerprint(store.add(encodeWritten({ [trait]: value })), at)))
  })
}

function mostFrequent(trait: Trait): string {
  const values = Map.groupBy(data.ids.keys(), (record) => data.record(record)[trait] ?? '')
  values.delete('')
  return [...values].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0] as string
}

test('a list of names, towns and places finds none of them in a model file', () => {
  const path = join(dir, 'model.json')
  writeModel(path, model)
  expect(valuesIn(readFileSync(path, 'utf8'))).toEqual([])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readModel(path)).toEqual(model)
  // The same list finds the values in the frequencies, which are counted for the evaluation and stay in its memory.
  const found = valuesIn(JSON.stringify(frequencies))
  expect(found.length).toBeGreaterThan(100)
  expect(found).toContain(mostFrequent('family_name'))
})

test('a file of the former form is refused, and it is said why; a wrong one by its fields', () => {
  const path = join(dir, 'former.json')
  writeFileSync(path, JSON.stringify({ ...model, format: 1 }))
  expect(() => readModel(path)).toThrow(/former form(.|\n)*tells a list of names/)
  const fields = model.fields.map((field) => ({ ...field, frequent: [[123456, 0.1]] }))
  writeFileSync(path, JSON.stringify({ ...model, fields }))
  expect(() => readModel(path)).toThrow(/frequent/)
  writeFileSync(path, 'null')
  expect(() => readModel(path)).toThrow('The linkage model is wrong')
})
