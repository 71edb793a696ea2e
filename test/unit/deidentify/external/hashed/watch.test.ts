/** A circuit of hashed identifiers from its opening to its end: what is found is found once, by who may, until the day; and whatever fails, the stream goes on. */
import { createHmac, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { CLEAR, secretBox } from '#core/crypto/secret-box.ts'
import { type Circuit, hashedCircuits } from '../../../../../services/deidentify/external/hashed/circuits.ts'
import { collectSubjects } from '../../../../../services/deidentify/external/hashed/collect.ts'
import { destroyNoted } from '../../../../../services/deidentify/external/hashed/journal.ts'
import { readMatches } from '../../../../../services/deidentify/external/hashed/matches.ts'
import { statusOf, statusText } from '../../../../../services/deidentify/external/hashed/status.ts'
import { type CircuitWatch, circuitWatch } from '../../../../../services/deidentify/external/hashed/watch.ts'
import { compareNumbers } from '../../../../../services/deidentify/steps/compare-numbers.ts'
import { nirOf } from '../../../../helpers/records.ts'

const ID = '0123456789abcdef'
const OPENED = Date.parse('2026-11-30T00:00:00Z')
const CLOSES = Date.parse('2027-01-01T00:00:00Z')
const DAY_MS = 86_400_000
const FORM = { identifier: 'nir', characters: 15, encoding: 'hex' } as const
const contracts = loadContracts('schemas/feeds')
const contractOf = (feed: string) => contracts.find((one) => one.feed === feed) as (typeof contracts)[number]
const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const patientOf = (producer: string, ipp: string) => level1.pseudonym('patient', `${producer}\0${ipp}`)

const SECRET = randomBytes(32)
const numbers = Array.from({ length: 4 }, (_, n) => nirOf(`279035121518${n}`))
const hashOf = (number: string) => createHmac('sha256', SECRET).update(number).digest('base64url')
const subjects = numbers.slice(0, 3).map((number, n) => ({ subject: `S-${n}`, hash: hashOf(number) }))
const LIST = { form: FORM, secret: SECRET, least: 2, subjects }
const GIVEN = { id: ID, project: 'study', opened_at: new Date(OPENED).toISOString(), closes: CLOSES }

let folder: string
let now: number
const running: CircuitWatch[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-'))
  now = OPENED
})
afterEach(async () => {
  for (const watch of running.splice(0)) await watch.stop()
  rmSync(folder, { recursive: true })
})

const store = (box = CLEAR) => hashedCircuits(join(folder, 'data'), join(folder, 'secrets'), box)
const own = (name = '') => join(folder, 'data/external-circuits', ID, name)
const keyFile = () => join(folder, `secrets/circuit-${ID}.key`)
const matchFiles = () => readdirSync(own()).filter((name) => name.startsWith('matches-'))

/** A process of `deidentify`. */
async function started(circuits = store()) {
  const [alarms, noted, logged] = [new Map<string, string>(), [] as object[], [] as unknown[]]
  const counts: Record<string, number> = {}
  const watch = circuitWatch({
    circuits,
    destroy: (circuit) =>
      destroyNoted({ note: (event) => noted.push(event) }, circuits, circuit, {
        reason: 'expired',
        actor: 'service:deidentify',
      }),
    metrics: {
      counter: () => (amount, labels) => {
        counts[String(labels.number)] = (counts[String(labels.number)] ?? 0) + amount
      },
      gauge: () => (value) => {
        counts.open = value
      },
    },
    alarms: { raise: ({ id, message }) => alarms.set(id, message), clear: (id) => alarms.delete(id) },
    logger: { info: (entry: unknown) => logged.push(entry), error: (entry: unknown) => logged.push(entry) } as never,
    now: () => now,
  })
  running.push(watch)
  await watch.round()
  const step = (feed: string) => compareNumbers(contractOf(feed), level1, watch)
  const pass = async (records: readonly object[], producer = 'chu', feed = 'patient') => {
    const given = records.map((record) => ({ record, provenance: { producer, receivedAt: 0 }, origin: '1' }))
    const verdicts = await step(feed).runBatch(given as never)
    expect(verdicts).toEqual(given.map((value) => ({ kind: 'pass', value })))
  }
  return { watch, pass, alarms, noted, logged, counts }
}

function found(circuits = store()): Readonly<Record<string, readonly string[]>> {
  const circuit = circuits.circuit(ID)
  const { list, box } = circuits.open(circuit)
  const { patients } = readMatches(circuits.folder(ID), circuit, box)
  return Object.fromEntries([...patients].map(([at, all]) => [list.subjects[at]?.subject ?? '', [...all].toSorted()]))
}
const foundWith = (circuit: Circuit) => readMatches(own(), circuit, store().open(circuit).box)

const patient = (ipp: string, more: object) => ({ record_id: ipp, patient_ipp: ipp, operation: 'upsert', ...more })

test('who is in the list is found, once, at each producer; of who is not nothing is kept, and records go on as they came', async () => {
  store().hold(GIVEN, LIST)
  const { watch, pass, counts, logged, alarms } = await started()
  await pass([
    patient('1', { nir: numbers[0] }),
    patient('1', { nir: numbers[0] }),
    patient('2', { ins: numbers[1], identity_status: 'VALI' }),
    patient('3', { nir: numbers[3] }),
    patient('4', {}),
    // An INS that is only provisional, a doubtful identity, and a withdrawal.
    patient('5', { ins: numbers[2], identity_status: 'PROV' }),
    patient('6', { nir: numbers[2], identity_status: 'DOUB' }),
    patient('7', { nir: numbers[2], operation: 'cancel' }),
  ])
  await pass([patient('1', { nir: numbers[0] })], 'chu-b')
  await pass([patient('8', { nir: numbers[2] })], 'chu', 'death')
  await pass([{ nir: numbers[2] }], 'chu', 'observation')
  expect(found()).toEqual({
    'S-0': [patientOf('chu', '1'), patientOf('chu-b', '1')].toSorted(),
    'S-1': [patientOf('chu', '2')],
    'S-2': [patientOf('chu', '8')],
  })
  expect(counts).toEqual({ counts: 6, none: 3, open: 1 })
  const circuit = store().circuit(ID)
  await watch.stop()
  expect(foundWith(circuit)).toMatchObject({ compared: 9, numbered: 6, files: 1, since: OPENED })
  // On the disk only what is sealed, for its user alone; in the log neither a subject nor how many.
  const secrets = [
    ...numbers,
    ...subjects.flatMap(({ subject, hash }) => [subject, hash]),
    SECRET.toString('hex'),
    'p1_',
  ]
  for (const name of readdirSync(own())) {
    expect(statSync(own(name)).mode & 0o777).toBe(0o600)
    for (const text of secrets) expect(readFileSync(own(name), 'latin1')).not.toContain(text)
  }
  for (const text of secrets) expect(JSON.stringify(logged)).not.toContain(text)
  expect([JSON.stringify(logged).includes('match'), [...alarms]]).toEqual([false, []])
})

test('killed after the write and before the commit: the records come again, and nothing is found twice', async () => {
  store().hold(GIVEN, LIST)
  const first = await started()
  const batch = [patient('1', { nir: numbers[0] }), patient('2', { nir: numbers[1] })]
  await first.pass(batch)
  const before = found()
  const killed = matchFiles()[0] ?? ''
  // Cut off within a line.
  appendFileSync(own(killed), 'chainon-sealed-1:AAAA')
  const second = await started()
  await second.pass(batch)
  expect(found()).toEqual(before)
  expect(matchFiles()).toHaveLength(2)
  await second.watch.stop()
})

test('on its last day a process that runs stops by itself; after a week without a collection it destroys the circuit, with a proof', async () => {
  store().hold(GIVEN, LIST)
  const { watch, pass, noted, counts } = await started()
  await pass([patient('1', { nir: numbers[0] })])
  now = CLOSES
  // No round since.
  await pass([patient('2', { nir: numbers[1] })])
  expect(found()).toEqual({ 'S-0': [patientOf('chu', '1')] })
  await watch.round()
  expect([watch.isOpen(), counts.open, noted]).toEqual([false, 0, []])
  const { key, sha256 } = store().circuit(ID)
  now = CLOSES + 7 * DAY_MS
  await watch.round()
  const facts = { project: 'study', reason: 'expired', key, list_sha256: sha256 }
  expect(noted).toEqual(['begun', 'done'].map((outcome) => expect.objectContaining({ outcome, facts })))
  expect([existsSync(keyFile()), readdirSync(own())]).toEqual([false, ['circuit.json']])
})

test('destroyed, nothing opens it: not a copy of its files, not a running process, not a forged description', async () => {
  store().hold(GIVEN, LIST)
  const { watch, pass, alarms } = await started()
  await pass([patient('1', { nir: numbers[0] })])
  const circuit = store().circuit(ID)
  const copy = join(folder, 'copy')
  cpSync(own(), copy, { recursive: true })
  expect(store().destroy(ID, now)).toEqual({ key: circuit.key, sha256: circuit.sha256, at: GIVEN.opened_at })
  // What a process had still to write is nowhere.
  await pass([patient('2', { nir: numbers[1] })])
  await watch.round()
  expect([watch.isOpen(), readdirSync(own()), [...alarms]]).toEqual([false, ['circuit.json'], []])
  expect(() => store().circuit(ID)).toThrow(/destroyed on 2026-11-30/)
  expect(store().destroy(ID, now + 1)).toEqual({ key: circuit.key, sha256: circuit.sha256, at: GIVEN.opened_at })
  cpSync(copy, own(), { recursive: true })
  expect(() => store().open(circuit)).toThrow(/key of the circuit .* is not here/)
  writeFileSync(keyFile(), `${'11'.repeat(32)}\n`, { mode: 0o600 })
  expect(() => store().open(circuit)).toThrow(/were changed, or the key is another one/)
  await watch.round()
  expect(alarms.get(`hashed-circuit:${ID}`)).toContain('cannot be used')
})

test('a later last day, another project, an exchanged list: alarm, nothing is compared, and the stream goes on', async () => {
  store().hold(GIVEN, LIST)
  const other = 'ffffffffffffffff'
  store().hold({ ...GIVEN, id: other, project: 'other' }, { ...LIST, subjects: [] })
  const sound = readFileSync(own('circuit.json'), 'utf8')
  const { watch, pass, alarms } = await started()
  for (const change of [{ closes: CLOSES + DAY_MS }, { project: 'other' }, { opened_at: '2026-11-29T00:00:00.000Z' }]) {
    writeFileSync(own('circuit.json'), JSON.stringify({ ...JSON.parse(sound), ...change }))
    await watch.round()
    await pass([patient('1', { nir: numbers[0] })])
    expect(alarms.get(`hashed-circuit:${ID}`)).toContain('cannot be used')
  }
  writeFileSync(own('circuit.json'), 'no json')
  await watch.round()
  expect(alarms.get(`hashed-circuit:${ID}`)).toContain('cannot be read')
  writeFileSync(own('circuit.json'), sound)
  await watch.round()
  expect(alarms.size).toBe(0)
  expect(found()).toEqual({})
  // The list and the matches of another circuit.
  const circuit = store().circuit(ID)
  await pass([patient('2', { nir: numbers[1] })])
  const theirs = join(folder, 'data/external-circuits', other)
  renameSync(own('list.sealed'), own('mine'))
  cpSync(join(theirs, 'list.sealed'), own('list.sealed'))
  expect(() => store().open(circuit)).toThrow(/its list, its project or its last day were changed/)
  renameSync(own('mine'), own('list.sealed'))
  const [foreign = ''] = readdirSync(theirs).filter((name) => name.startsWith('matches-'))
  cpSync(join(theirs, foreign), own(foreign))
  expect(() => foundWith(circuit)).toThrow(new RegExp(`${foreign}, line 1: it was changed, or is of another circuit`))
})

test('forged matches: in clear text, moved, copied within the file, or cut out of its middle', async () => {
  store().hold(GIVEN, LIST)
  const { pass } = await started()
  for (const [at, number] of numbers.slice(0, 3).entries()) await pass([patient(`${at}`, { nir: number })])
  const circuit = store().circuit(ID)
  const [name = ''] = matchFiles()
  const sound = readFileSync(own(name), 'utf8')
  const lines = sound.trimEnd().split('\n')
  expect(lines).toHaveLength(4)
  const forged = JSON.stringify({ at: 0, compared: 1, numbered: 1, matches: [[0, patientOf('chu', 'x')]] })
  for (const changed of [
    [...lines, forged],
    [...lines, lines[1]],
    [lines[0], lines[2], lines[3]],
    [lines[1], lines[0]],
    [`${lines[0]?.slice(0, -4)}AAA=`],
  ]) {
    writeFileSync(own(name), `${changed.join('\n')}\n`)
    expect(() => foundWith(circuit)).toThrow(/it was changed/)
  }
  writeFileSync(own('matches-0000000000000000.sealed'), sound)
  writeFileSync(own(name), sound)
  expect(() => foundWith(circuit)).toThrow(/matches-0000000000000000.sealed, line 1/)
  rmSync(own('matches-0000000000000000.sealed'))
  expect(foundWith(circuit).patients.size).toBe(3)
})

test('a folder that cannot be written: an alarm, the stream goes on, and what was found is written when it can be', async () => {
  store().hold(GIVEN, LIST)
  const circuits = store()
  let place = join(folder, 'nowhere')
  const { watch, pass, alarms } = await started({ ...circuits, folder: () => place })
  expect(alarms.get(`hashed-circuit:${ID}`)).toContain('cannot be written')
  await pass([patient('1', { nir: numbers[0] })])
  expect([found(), watch.isOpen()]).toEqual([{}, true])
  place = own()
  await watch.round()
  expect([alarms.size, found()]).toEqual([0, { 'S-0': [patientOf('chu', '1')] }])
  await watch.stop()
})

test('hosts: a copy of the folder and of the key compares there, and its matches are copied back', async () => {
  const box = secretBox(Buffer.alloc(32, 9))
  store(box).hold(GIVEN, LIST)
  expect(readFileSync(keyFile(), 'utf8')).toMatch(/^chainon-sealed-1:/)
  const here = await started(store(box))
  const there = join(folder, 'there')
  mkdirSync(there)
  for (const part of ['data', 'secrets']) cpSync(join(folder, part), join(there, part), { recursive: true })
  const copied = hashedCircuits(join(there, 'data'), join(there, 'secrets'), box)
  const second = await started(copied)
  await here.pass([patient('1', { nir: numbers[0] })])
  await second.pass([patient('2', { nir: numbers[1] })])
  expect(found(store(box))).toEqual({ 'S-0': [patientOf('chu', '1')] })
  await second.watch.stop()
  // As `cp -n`: a file of here that was copied with the folder is older there.
  cpSync(copied.folder(ID), own(), { recursive: true, force: false })
  expect(found(store(box))).toEqual({ 'S-0': [patientOf('chu', '1')], 'S-1': [patientOf('chu', '2')] })
})

test('the status says how many records were compared, and only whether enough subjects were found', async () => {
  store().hold(GIVEN, LIST)
  const { watch, pass } = await started()
  const status = () => {
    const circuit = store().circuit(ID)
    const { list, box } = store().open(circuit)
    return statusOf(circuit, list, readMatches(own(), circuit, box), now)
  }
  expect(statusText([status()])).toContain('open')
  await pass(Array.from({ length: 20 }, (_, n) => patient(`${n}`, { nir: n < 10 ? numbers[0] : undefined })))
  now += 10_000
  await watch.round()
  expect(status()).toMatchObject({ state: 'open', records_compared: 20, processes: 1, enough_found: false })
  await pass([patient('2', { nir: numbers[1] })])
  expect(status()).toMatchObject({ enough_found: true, closes: '2027-01-01T00:00:00.000Z' })
  now = CLOSES
  expect(status()).toMatchObject({ state: 'closed', destroyed_by: '2027-01-08T00:00:00.000Z' })
})

test('what is collected has each subject under a ticket, in another order, and the window', async () => {
  store().hold(GIVEN, LIST)
  const { pass } = await started()
  await pass([patient('1', { nir: numbers[1] })])
  const circuit = store().circuit(ID)
  const tickets = ['cc', 'aa', 'bb'].map((byte) => byte.repeat(16))
  let next = 0
  const {
    tickets: given,
    matched,
    facts,
  } = collectSubjects(circuit, LIST, foundWith(circuit), {
    now: CLOSES + DAY_MS,
    ticket: () => tickets[next++] ?? '',
  })
  expect(given).toEqual([
    { ticket: tickets[1], subject: 'S-1' },
    { ticket: tickets[2], subject: 'S-2' },
    { ticket: tickets[0], subject: 'S-0' },
  ])
  const candidates = [{ patient: patientOf('chu', '1'), weight: 0, number: true }]
  expect(matched.map((one) => one.candidates)).toEqual([candidates, [], []])
  expect(facts).toEqual({
    ...{ project: 'study', least: 2, opened: GIVEN.opened_at, closed: '2027-01-01T00:00:00.000Z', processes: 1 },
    ...{ compared_since: GIVEN.opened_at, compared_until: GIVEN.opened_at, compared: 1, numbered: 1 },
  })
})

test('one number at many patients of a producer fills neither memory nor disk', async () => {
  store().hold(GIVEN, LIST)
  const { pass } = await started()
  await pass(Array.from({ length: 200 }, (_, n) => patient(`${n}`, { nir: numbers[0] })))
  expect(found()['S-0']).toHaveLength(64)
})

test('killed while it is opened: nothing of it is left, and the same id is refused while it is there', () => {
  const building = join(folder, 'data/external-circuits/.building-ffffffffffffffff')
  mkdirSync(building, { recursive: true })
  mkdirSync(join(folder, 'secrets'))
  writeFileSync(join(folder, 'secrets/circuit-ffffffffffffffff.key'), `${'22'.repeat(32)}\n`, { mode: 0o600 })
  store().hold(GIVEN, LIST)
  expect([existsSync(building), readdirSync(join(folder, 'secrets'))]).toEqual([false, [`circuit-${ID}.key`]])
  expect(() => store().hold(GIVEN, LIST)).toThrow(/of that name already/)
  expect(store().open(store().circuit(ID)).list).toEqual(LIST)
  for (let n = 0; n < 15; n++) store().hold({ ...GIVEN, id: `${n}`.padStart(16, '0') }, LIST)
  expect(() => store().hold({ ...GIVEN, id: 'e'.repeat(16) }, LIST)).toThrow(/16 circuits are open already/)
})
