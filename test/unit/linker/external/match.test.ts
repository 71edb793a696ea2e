/** Subjects of a cohort against an index in memory: who is in it is found, by the number and by the model; nothing of an encoding is told. */
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { linesOfStep, MatchedSubject, readStep } from '#core/linkage/external.ts'
import { encoding } from '../../../../services/linker/evaluate/encoding.ts'
import { learn } from '../../../../services/linker/evaluate/learn.ts'
import { matchSubjects } from '../../../../services/linker/external/match.ts'
import { indexKeys } from '../../../../services/linker/index/keys.ts'
import { LINK } from '../../../../services/linker/link/component.ts'
import { INDEX_SECRET_OF_TESTS, leaked, memoryIndex } from '../../../helpers/memory-index.ts'
import { simulatedSet } from '../../../helpers/simulated-set.ts'

const data = simulatedSet(600)
const form = encoding(data)
const trained = learn(data, false, { budget: 100, hub: 100 }, () => undefined)
const level1 = pseudonymiser(1, Buffer.alloc(32, 3))
const CANCELLED = 3
const records = Array.from(data.ids, (_, n) => ({
  id: `patient/${level1.pseudonym('record', `${n}`)}`,
  label: level1.pseudonym('patient', `${n}`),
  written: n < CANCELLED ? undefined : data.record(n),
}))
const index = memoryIndex(records, form, trained)
const keys = indexKeys(INDEX_SECRET_OF_TESTS)
const ticketOf = (n: number) => n.toString(16).padStart(32, '0')
const match = (written: readonly Readonly<Record<string, string>>[]) =>
  matchSubjects(
    { index, keys },
    written.map((traits, n) => ({ ticket: ticketOf(n), encoded: form.encodeWritten(traits) })),
  )

test('each record is found by its own traits, nearly always as the best; a cancelled one is not', async () => {
  const found = await match(Array.from(data.ids, (_, n) => data.record(n)))
  let [there, best] = [0, 0]
  for (const [n, { ticket, candidates }] of found.entries()) {
    expect(ticket).toBe(ticketOf(n))
    const own = candidates.find(({ patient }) => patient === records[n]?.label)
    if (n < CANCELLED) expect(own).toBeUndefined()
    for (const { weight, number } of candidates) expect(number || weight > LINK).toBe(true)
    if (own) there++
    // Another record of the person may have more traits.
    if (own?.weight === Math.max(...candidates.map(({ weight }) => weight))) best++
  }
  expect(there).toBeGreaterThan(0.98 * (records.length - CANCELLED))
  expect(best).toBeGreaterThan(0.85 * (records.length - CANCELLED))
  const text = linesOfStep(found, { model: trained.model.version })
  expect((await readStep(Readable.from([text]), MatchedSubject)).lines).toEqual(found)
  // A pseudonym is the token of its patient.
  expect(leaked(text.replaceAll(/p1_[\w-]{43}/g, ''), index.secrets)).toEqual([])
})

test('a stranger, and who has no trait, are nobody', async () => {
  const stranger = { birth_name: 'Zzyzxquist', given_name: 'Quorthon', birth_date: '1901-01-01' }
  expect((await match([stranger, {}])).map(({ candidates }) => candidates)).toEqual([[], []])
})
