/** A model is copied to other machines: what a list of names, which anybody has, reads from its file. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { filterStore } from '../../../services/core/linkage/record-store.ts'
import type { Trait } from '../../../services/core/linkage/traits.ts'
import { encoding } from '../../../services/linker/evaluate/encoding.ts'
import { learn } from '../../../services/linker/evaluate/learn.ts'
import { writeModel } from '../../../services/linker/link/model-file.ts'
import { simulatedSet } from '../../helpers/simulated-set.ts'

const dir = mkdtempSync(join(tmpdir(), 'chainon-model-'))
afterAll(() => rmSync(dir, { recursive: true }))

const NAMED: readonly Trait[] = ['family_name', 'given_name', 'city', 'birth_place']
const data = simulatedSet(1200)
const { model } = learn(data, false, { budget: 100, hub: 100 }, () => undefined)

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

test('a list of names, towns and places finds none of them in a model file', () => {
  const path = join(dir, 'model.json')
  writeModel(path, model)
  expect(valuesIn(readFileSync(path, 'utf8'))).toEqual([])
})
