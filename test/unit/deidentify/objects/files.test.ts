/** No disk has an identified image in the clear, a row in force has its file, and what is withdrawn or replaced loses it. */
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import dicomParser from 'dicom-parser'
import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { SEALED_SCHEMA } from '#core/sealing/envelope.ts'
import { incomingFiles } from '../../../../services/deidentify/objects/incoming-files.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'
import { dicomFile, type Elements, slice } from '../../../helpers/dicom-file.ts'
import { chain, deidentify, IMAGING, OTHER_LEVEL1, opener } from './chain.ts'

const DAY_MS = 86_400_000
// No texts: their lexicon takes longer to load than all of this.
const { '(0008,1030)': _study, '(0008,103E)': _series, '(0018,1030)': _protocol, ...plain } = slice()
const image = (more: Elements = {}) => dicomFile({ ...plain, ...more })
const KEPT = /^deidentified\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.dcm$/

test('the gateway seals the file before Kafka has the record; deidentify writes the clean one, and its row says where and what it is', async () => {
  const { send, last, names, bytes, read, deidentify: run } = await chain()
  expect((await send(image())).statusCode).toBe(202)
  expect(names()).toEqual([expect.stringMatching(/^incoming\/\d{4}-\d{2}-\d{2}\/[0-9a-f-]{36}$/)])
  expect(bytes().toString('latin1')).not.toMatch(/DICM|DUPONT|8000123|pixels|ISO_IR/)
  const row = await run(last())
  const name = String(row._object)
  expect(name).toMatch(KEPT)
  const file = read(name)
  expect(row).toMatchObject({
    _object_state: 'kept',
    _object_bytes: file.length,
    _object_sha256: hash('sha256', file, 'hex'),
  })
  const text = file.toString('latin1')
  expect(text).toContain('pixels!!')
  expect(text).not.toMatch(/DUPONT|8000123|A-2025-7|NDA77|3680043|19790315/)
  const parsed = dicomParser.parseDicom(file)
  expect(parsed.string('x00100020')).toMatch(/^[\w-]{43}$/)
  // First-level pseudonyms are not in the file: who has both levels could join what the two keys keep apart.
  for (const column of ['record_id', 'patient_id', 'study_id'])
    expect(text).not.toContain(String(row[column]).slice('p1_'.length))
})

test('without a store nothing is kept; a file without pixels, a record in JSON and a refused file have none', async () => {
  const { gateway, send, sendJson, names, last, deidentify: run } = await chain()
  const { '(7FE0,0010)': _pixels, ...cut } = plain
  await send(dicomFile(cut))
  expect([names(), (await run(last()))._object_state]).toEqual([[], null])
  await send(image({ '(0010,0020)': ['LO', ''] }))
  expect(names()).toEqual([])
  await send(image())
  const { _producer, _received_at, ...record } = (await gateway.decoded()).at(-1)?.record ?? {}
  const json = { ...record, acquired_at: '2025-02-01T08:01:02Z', study_at: null, record_version: 1 }
  expect((await sendJson({ ...json, _object: 'deidentified/x' })).json()).toMatchObject({
    errors: [{ rule: 'unknown-field' }],
  })
  const before = names()
  expect((await sendJson(json)).statusCode).toBe(202)
  expect(names()).toEqual(before)
})

test('a store that fails refuses the request, and no record is in the log', async () => {
  const { gateway, folder, send } = await chain()
  writeFileSync(join(folder, 'incoming'), '')
  const answer = await send(image())
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'dependency-unavailable'])
  expect(gateway.written).toEqual([])
})

test('a file that was changed, moved from another record, or lost is not kept, and the row says so', async () => {
  const { send, last, names, store, deidentify: run } = await chain()
  await send(image())
  const first = last()
  const [one = ''] = names()
  await send(image({ '(0008,0018)': ['UI', '1.2.9'] }))
  const other = names().find((name) => name !== one) ?? ''
  const [mine, theirs] = [await store.get(one), await store.get(other)]
  const stateAfter = async (bytes: Buffer | undefined) => {
    await (bytes ? store.put(one, [bytes]) : store.remove(one))
    const { _object, _object_state } = await run(first)
    return [_object, _object_state]
  }
  const changed = Buffer.from(mine ?? '')
  changed[5] = (changed[5] ?? 0) ^ 1
  expect(await stateAfter(changed)).toEqual([null, 'seal-broken'])
  expect(await stateAfter(theirs)).toEqual([null, 'seal-broken'])
  expect(await stateAfter(mine?.subarray(0, 3))).toEqual([null, 'seal-broken'])
  expect(await stateAfter(undefined)).toEqual([null, 'missing'])
  expect((await stateAfter(mine))[1]).toBe('kept')
})

test('in Kafka a record can neither lose its file nor get that of another one', async () => {
  const { send, last } = await chain()
  await send(image())
  const [first, second] = [last(), (await send(image({ '(0008,0018)': ['UI', '1.2.9'] })), last())]
  const forge = (message: KafkaMessage, more: Record<string, unknown>): KafkaMessage => {
    const record = decoderOf(SEALED_SCHEMA).decode(message.value)?.record ?? {}
    return { ...message, value: encoderOf(SEALED_SCHEMA).encode({ ...record, ...more }) ?? null }
  }
  const { object_name, object_n } = decoderOf(SEALED_SCHEMA).decode(second.value)?.record ?? {}
  for (const forged of [
    forge(first, { object_name: null, object_n: null }),
    forge(first, { object_name }),
    forge(first, { object_name, object_n }),
  ])
    expect(await opener.open('u.identified.imaging', [forged])).toEqual([{ ok: false, fault: 'seal-broken' }])
  expect((await opener.open('u.identified.imaging', [forge(first, {})]))[0]?.ok).toBe(true)
})

test('a process that ended after any of its writes gives the same row and the same file again', async () => {
  const { send, last, names, read, store, deidentify: run } = await chain()
  await send(image())
  const [incoming = ''] = names()
  const first = await run(last())
  const file = read(String(first._object))
  expect(await run(last())).toEqual(first)
  // The sealed file is gone, and the offset was set back.
  await store.remove(incoming)
  expect(await run(last())).toEqual(first)
  expect(read(String(first._object)).equals(file)).toBe(true)
  expect(names()).toEqual([String(first._object)])
})

test('the name of a file in the log is of no key that is kept: another key of pseudonyms gives the same, the same image in another record another', async () => {
  const { send, last, store, deidentify: run } = await chain()
  await send(image())
  const first = last()
  const { _object: name, patient_id: patient } = await run(first)
  await store.remove(String(name))
  const under = await run(first, { level1: OTHER_LEVEL1 })
  expect(under.patient_id).not.toBe(patient)
  expect(under._object).toBe(name)
  // Nor can who has the sealed file's name compute it, without the key of its day.
  const { object_name } = decoderOf(SEALED_SCHEMA).decode(first.value)?.record ?? {}
  expect(String(name)).not.toContain(hash('sha256', String(object_name), 'hex'))
  await send(image())
  expect((await run(last()))._object).not.toBe(name)
})

test('a later version replaces the file after seven days, in whatever order they come; a withdrawn record loses it at once, and for good', async () => {
  const { gateway, send, sendJson, last, names, records, store, deidentify: run } = await chain()
  const kept = () => names().filter((name) => name.startsWith('deidentified'))
  const inOrder = (...rows: readonly Record<string, unknown>[]) =>
    rows.map(({ _object }) => String(_object)).toSorted((a, b) => (a < b ? -1 : 1))
  await send(image())
  const first = last()
  await send(image({ '(0020,0013)': ['IS', '18'] }))
  const second = last()
  const later = await run(second)
  const earlier = await run(first)
  expect(kept()).toEqual(inOrder(earlier, later))
  const sweep = (now: number) =>
    incomingFiles({
      store,
      retentionMs: 72 * 3_600_000,
      metrics: { counter: () => () => undefined },
      alarms: { raise: () => undefined, clear: () => undefined },
      logger: { warn: () => undefined, error: () => undefined } as never,
      now: () => now,
    }).sweep()
  await sweep(Date.now() + 6 * DAY_MS)
  expect(kept()).toEqual(inOrder(earlier, later))
  await sweep(Date.now() + 8 * DAY_MS)
  expect([names(), records().length]).toEqual([[later._object], 1])

  // A version whose file is not kept replaces the one before, too.
  await send(image({ '(0028,0301)': ['CS', 'YES'] }))
  expect((await run(last()))._object_state).toBe('burned-in')
  await sweep(Date.now() + 8 * DAY_MS)
  expect([kept(), records()]).toEqual([[], []])
  await send(image())
  const again = await run(last())
  expect(kept()).toEqual([again._object])

  const { _producer, _received_at, ...record } = (await gateway.decoded()).at(-1)?.record ?? {}
  const acquired = { acquired_at: '2025-02-01T08:01:02Z', study_at: null }
  const cancel = { ...record, ...acquired, operation: 'cancel', record_version: Date.now() + 1000 }
  expect((await sendJson(cancel)).statusCode).toBe(202)
  await run(last())
  const withdrawn = [[], [expect.stringMatching(/\.cancelled$/)]]
  expect([kept(), records()]).toEqual(withdrawn)
  // It was read late: the file of a version before the withdrawal.
  await send(image())
  expect((await run(last()))._object_state).toBe('withdrawn')
  expect([kept(), records()]).toEqual(withdrawn)
})

test('sealed files that no record has go once their key is shredded; those of today stay', async () => {
  const { send, names, store } = await chain()
  await send(image())
  await store.put('incoming/2026-01-05/00000000-0000-0000-0000-000000000000', [Buffer.from('orphan')])
  const counts: unknown[] = []
  const swept = incomingFiles({
    store,
    retentionMs: 72 * 3_600_000,
    metrics: { counter: () => (amount, labels) => void counts.push([amount, labels]) },
    alarms: { raise: () => undefined, clear: () => undefined },
    logger: { warn: () => undefined, error: () => undefined } as never,
  })
  const before = names()
  await swept.sweep()
  expect([before.length, names().length, counts]).toEqual([2, 1, [[1, { kind: 'incoming' }]]])
  await swept.discard(names())
  expect(names()).toEqual([])
})

test.each<[string, Elements, readonly string[], string]>([
  ['an ultrasound', { '(0008,0060)': ['CS', 'US'] }, [], 'burned-in'],
  ['one that says so of itself', { '(0028,0301)': ['CS', 'YES'] }, ['US'], 'burned-in'],
  ['a secondary capture', { '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.7'] }, ['US'], 'burned-in'],
  ['an ultrasound where they are allowed', { '(0008,0060)': ['CS', 'US'] }, ['XA', 'US'], 'kept'],
  ['a report', { '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.88.11'] }, [], 'document'],
  ['a file whose pixels are cut short', {}, [], 'unreadable'],
])('%s: the record passes, and says what became of its file', async (what, more, allowed, state) => {
  const { send, last, names, deidentify: run } = await chain()
  const file = image(more)
  await send(what.includes('cut short') ? file.subarray(0, -3) : file)
  const row = await run(last(), { allowed })
  expect(row._object_state).toBe(state)
  expect(row._object === null).toBe(state !== 'kept')
  expect(names().some((name) => name.startsWith('deidentified'))).toBe(state === 'kept')
})

test('dates of files are shifted as those of the tables, by the same days for every file of a patient', async () => {
  const { send, last, read, deidentify: run } = await chain()
  const shift = { within: 30 }
  const fields = IMAGING.fields.map((field) =>
    field.name === 'acquired_at' ? { ...field, privacy: { class: 'date', action: 'shift' } as const } : field,
  )
  const contract = { ...IMAGING, shift, fields }
  await send(image({ '(0008,0022)': ['DA', '20250201'], '(0008,0032)': ['TM', '120000'] }))
  const row = await run(last(), { contract })
  const shown = dicomParser.parseDicom(read(String(row._object))).string('x00080022') ?? ''
  expect(new Date(Number(row.acquired_at)).toISOString().slice(0, 10).replaceAll('-', '')).toBe(shown)
  expect(shown).not.toBe('20250201')
  const dates = new Set<string | undefined>()
  for (const id of ['1.2.8', '1.2.9']) {
    await send(image({ '(0008,0018)': ['UI', id] }))
    dates.add(dicomParser.parseDicom(read(String((await run(last()))._object))).string('x00080022'))
  }
  expect([dates.size, dates.has('20250201')]).toEqual([1, false])
})

test('a process without the store of the gateway does not go on, and loses no file', async () => {
  const { send, last, names } = await chain()
  await send(image())
  await expect(deidentify(undefined, last())).rejects.toMatchObject({ code: 'dependency-unavailable' })
  expect(names()).toHaveLength(1)
})
