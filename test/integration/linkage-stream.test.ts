/** The linker in the stream: records of two producers, written differently, from the gateway to persons in ClickHouse, whatever is killed, read again or forged. */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { defaultModel } from '#core/linkage/default-model.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { unpackMessage } from '#core/linkage/message.ts'
import { ReviewQueueSchema } from '#core/linkage/review-queue.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import { SurveySchema } from '#core/linkage/survey.ts'
import { complete } from '#core/schema/complete.ts'
import type { LinkReport } from '../../services/cli/link-report/report.ts'
import { report } from '../../services/cli/link-report/run.ts'
import { readWarehouse } from '../../services/cli/link-report/warehouse.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { commitAs, groupOffsets, produce, type ReadMessage, readTopics, testKafka } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { withLogin } from '../helpers/servers.ts'
import { type Pipeline, type ServiceProcess, startPipeline } from '../helpers/services.ts'

const GIVEN = ['Élodie', 'Thibault', 'Marguerite', 'Anselme', 'Ségolène', 'Baptistin']
const FAMILY = ['Vasselin', 'Quenouille', 'Delaroche-Prat', 'Guittard', 'Fontvieille', 'Rochambault']
const STREETS = [
  'rue Pasteur',
  'avenue Jean Jaurès',
  'quai Perrache',
  'cours Lafayette',
  'rue Garibaldi',
  'impasse Bel Air',
]

interface Person {
  readonly birth_family_name: string
  readonly birth_given_names: string
  readonly [field: string]: unknown
}

/** Of each person one record at each of two producers, who write it differently. */
const people = GIVEN.map(
  (given, n): Person => ({
    birth_family_name: FAMILY[n] as string,
    birth_given_names: given,
    birth_date: `19${50 + 7 * n}-0${n + 1}-1${n}`,
    sex: n % 2 === 0 ? 'female' : 'male',
    birth_place_insee: `6938${n + 1}`,
    address_line: `${10 + n} ${STREETS[n]}`,
    postcode: `6900${n + 1}`,
    city: 'Lyon',
    phone: `047211000${n}`,
    // Names the person in the warehouse, where nothing else does.
    updated_at: `2024-05-06T07:08:09.00${n}Z`,
  }),
)
const changes: readonly ((person: Person) => Partial<Person>)[] = [
  ({ birth_family_name: family }) => ({ birth_family_name: family.replace('ss', 's'), phone: null }),
  ({ birth_family_name, birth_given_names }) => ({
    birth_family_name: birth_given_names,
    birth_given_names: birth_family_name,
  }),
  () => ({ address_line: '3 boulevard de la Plage', postcode: '33120', city: 'Arcachon', phone: '0556000000' }),
  ({ birth_given_names: given }) => ({ birth_given_names: `${given}, Paul`, city: 'LYON CEDEX 03' }),
  () => ({ address_line: null, phone: null }),
  () => ({}),
]
const recordAt = (producer: 'a' | 'b', n: number, more: object = {}) => {
  const person = people[n] as Person
  const written = producer === 'a' ? person : { ...person, ...changes[n]?.(person) }
  return recordOf('patient', `${producer}-${n}`, `ipp-${producer}-${n}`, { ...written, ...more })
}

let pipeline: Pipeline
let linker: ServiceProcess
let topics: Readonly<Record<'linkage' | 'linked' | 'pseudonymised', readonly string[]>>

beforeAll(async () => {
  pipeline = await startPipeline()
  const { namespace } = pipeline.place
  const of = (kind: string) => ['patient', 'death', 'patient_merge'].map((feed) => `${namespace}${kind}.${feed}`)
  topics = { linkage: of('linkage'), linked: of('linked'), pseudonymised: of('pseudonymised') }
  linker = await pipeline.start('linker')
}, 120_000)
afterAll(async () => pipeline?.stop())

async function extents(of: readonly string[]): Promise<ReadonlyMap<string, string>> {
  return withAdmin(testKafka(pipeline.env), async (admin) => {
    const found = await Promise.all(of.map(async (topic) => ({ topic, ends: await admin.fetchTopicOffsets(topic) })))
    return new Map(
      found.flatMap(({ topic, ends }) => ends.map(({ partition, high }) => [`${topic}:${partition}`, high] as const)),
    )
  })
}

async function passed(group: string, of: readonly string[]): Promise<void> {
  const name = `${pipeline.place.namespace}${group}`
  for (;;) {
    const offsets = await groupOffsets(pipeline.env, name, of)
    const at = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}:${partition}`, offset]))
    if ([...(await extents(of))].every(([partition, high]) => high === '0' || at.get(partition) === high)) return
    await sleep(50)
  }
}

/** Until all that was pushed is linked and loaded. */
async function settled(): Promise<void> {
  await pipeline.completeLedger()
  await passed('linker', topics.linkage)
  await passed('curate', topics.linked)
}

/** @returns for each record in force its person, named by who is in it */
async function persons(): Promise<readonly string[]> {
  const rows = await pipeline.rows<{ who: string; person: string }>(
    `SELECT concat(substring(p._producer, 5), toString(toUnixTimestamp64Milli(p.updated_at) % 10)) AS who, l.person_id AS person
     FROM person_link_scored_current AS l INNER JOIN patient AS p ON p.patient_id = l.patient_id`,
  )
  const groups = Map.groupBy(rows, ({ person }) => person)
  return [...groups.values()]
    .map((group) =>
      group
        .map(({ who }) => who)
        .toSorted()
        .join(' '),
    )
    .toSorted()
}

async function killed(service: ServiceProcess): Promise<void> {
  const exited = once(service.child, 'exit')
  service.child.kill('SIGKILL')
  await exited
}

const EXPECTED = people.map((_, n) => `a${n} b${n}`)
const push = (producer: 'a' | 'b', records: readonly object[]) => pipeline.push(`chu-${producer}`, 'patient', records)

test('a typo, swapped names, a move: one person each, also when the linker is killed on the way', async () => {
  await push(
    'a',
    [0, 1, 2].map((n) => recordAt('a', n)),
  )
  await settled()
  expect(await persons()).toEqual(['a0', 'a1', 'a2'])
  await Promise.all([
    push(
      'b',
      [0, 1, 2, 3, 4, 5].map((n) => recordAt('b', n)),
    ),
    killed(linker),
  ])
  await push(
    'a',
    [3, 4, 5].map((n) => recordAt('a', n)),
  )
  linker = await pipeline.start('linker')
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  const methods = await pipeline.rows('SELECT DISTINCT method, model FROM person_link_scored_current ORDER BY method')
  expect(methods).toEqual([{ method: 'scored', model: defaultModel().version }])
})

/** `chainon link decide` on two records of the warehouse. */
async function decide(decision: string, a: string, b: string, ...more: readonly string[]) {
  const rows = await pipeline.rows<{ who: string; record: string }>(
    `SELECT concat(substring(p._producer, 5), toString(toUnixTimestamp64Milli(p.updated_at) % 10)) AS who, l.record_id AS record
     FROM person_link_scored AS l FINAL INNER JOIN patient AS p ON p.patient_id = l.patient_id`,
  )
  const recordOfWho = (name: string) => rows.find(({ who }) => who === name)?.record ?? ''
  return decideAbout(decision, [recordOfWho(a), recordOfWho(b)], ...more)
}

async function decideAbout(decision: string, records: readonly [string, string], ...more: readonly string[]) {
  const environment = { ...pipeline.env, CHAINON_SECRETS_DIR: join(pipeline.env.CHAINON_SECRETS_DIR ?? '', 'curate') }
  const line = [`--${decision}`, ...records, '--reason', 'seen-in-both-files', '--json', ...more]
  const { status, stdout } = await runToEnd('services/cli/chainon.mjs', ['link', 'decide', ...line], environment)
  expect(status).toBe(0)
  return JSON.parse(stdout) as { effect: string; dry_run: boolean }
}

test('what an operator decides is above the model, is told with its reason, and can be withdrawn', async () => {
  const dry = await decide('never', 'a0', 'b0', '--dry-run')
  expect(dry).toMatchObject({
    dry_run: true,
    effect: expect.stringMatching(/^The person pn_\S+ \(2 records\) is split/),
  })
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  await decide('never', 'a0', 'b0')
  const apart = ['a0', ...EXPECTED.slice(1), 'b0']
  while ((await persons()).join() !== apart.join()) await sleep(50)
  const changes = `SELECT kind, reason, old_person_id != new_person_id AS differs FROM person_change WHERE reason = 'decision'`
  while ((await pipeline.rows(changes)).length < 1) await sleep(50)
  expect(await pipeline.rows(changes)).toEqual([{ kind: 'split', reason: 'decision', differs: 1 }])
  // The log has it with who, when and why, and with no identity. A later message about the two counts.
  const topic = `${pipeline.place.namespace}link.decisions`
  const written = (await readTopics(pipeline.env, [topic])).map(({ value }) => JSON.parse(String(value)) as object)
  const pseudonym = expect.stringMatching(/^patient\/p1_[\w-]{43}$/)
  expect(written).toEqual([
    {
      ...{ id: expect.stringMatching(/^[0-9a-f]{16}$/), decision: 'never', records: [pseudonym, pseudonym] },
      ...{ by: userInfo().username, reason: 'seen-in-both-files', decided_at: expect.any(Number) },
    },
  ])
  // By the names that the linker has, as `link review` does.
  const { records } = written[0] as { readonly records: readonly [string, string] }
  await decideAbout('withdraw', records)
  while ((await persons()).join() !== EXPECTED.join()) await sleep(50)
  while ((await pipeline.rows(changes)).length < 2) await sleep(50)
  expect((await pipeline.rows<{ kind: string }>(changes)).map(({ kind }) => kind).toSorted()).toEqual([
    'merge',
    'split',
  ])
})

/** What a producer says of two of its numbers: a record of each patient, as an A40 becomes. */
const merge = (one: string, other: string, more: object = {}) =>
  [
    [one, other, 'survivor'],
    [other, one, 'prior'],
  ].map(([own, also, role]) =>
    recordOf('patient_merge', `${own}/${also}`, `${own}`, { other_ipp: also, role, ...more }),
  )

test('a merge of two patient numbers is one person whatever the traits say, of the numbers of its producer alone, until it is undone', async () => {
  const exact = () =>
    pipeline.rows(
      `SELECT method, toString(uniqExact(person_id)) AS persons, toString(count()) AS patients FROM person_link_current
       WHERE patient_id IN (SELECT patient_id FROM patient WHERE _producer = 'chu-a' AND toUnixTimestamp64Milli(updated_at) % 10 IN (0, 3)) GROUP BY method`,
    )
  // Another producer names the same numbers, and half of a merge: neither says anything of these patients.
  await pipeline.push('chu-b', 'patient_merge', merge('ipp-a-0', 'ipp-a-3'))
  await pipeline.push('chu-a', 'patient_merge', merge('ipp-a-0', 'ipp-a-3').slice(1))
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  await pipeline.push('chu-a', 'patient_merge', merge('ipp-a-0', 'ipp-a-3').slice(0, 1))
  await settled()
  // Who is with them otherwise, the model decides: two people of other names were merged.
  const merged = await persons()
  expect(merged.find((group) => group.includes('a0'))).toContain('a3')
  expect(merged).toEqual(expect.arrayContaining(EXPECTED.filter((_, n) => n !== 0 && n !== 3)))
  expect(await exact()).toEqual([{ method: 'same-patient', persons: '1', patients: '2' }])
  const methods = await pipeline.rows(
    `SELECT method, toString(count()) AS records FROM person_link_scored FINAL WHERE method = 'same-patient' GROUP BY method`,
  )
  expect(methods).toEqual([{ method: 'same-patient', records: '4' }])
  await pipeline.push('chu-a', 'patient_merge', merge('ipp-a-3', 'ipp-a-0', { operation: 'cancel', record_version: 1 }))
  await pipeline.push('chu-b', 'patient_merge', merge('ipp-a-3', 'ipp-a-0', { operation: 'cancel', record_version: 1 }))
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  expect(await exact()).toEqual([{ method: 'establishment-ipp', persons: '2', patients: '2' }])
  const changes = await pipeline.rows<{ kind: string }>(
    `SELECT DISTINCT kind FROM person_change WHERE reason = 'records' AND kind IN ('merge', 'split') ORDER BY kind`,
  )
  expect(changes.map(({ kind }) => kind)).toEqual(['merge', 'split'])
})

test('a record that the death feed has of a patient is of his person, without any trait', async () => {
  await pipeline.push('chu-a', 'death', [recordOf('death', 'd-1', 'ipp-a-1', { sex: 'unknown' })])
  await settled()
  const [row] = await pipeline.rows<{ persons: string; records: string }>(
    `SELECT toString(uniqExact(person_id)) AS persons, toString(count()) AS records FROM person_link_scored FINAL
     WHERE patient_id IN (SELECT patient_id FROM death)`,
  )
  expect(row).toEqual({ persons: '1', records: '2' })
  expect(await persons()).toEqual(EXPECTED)
})

test('beside the running linker it is explained why a pair and a person are linked, without a name, and the linker stays the writer', async () => {
  const [key] = (await readTopics(pipeline.env, topics.linked.slice(0, 1))).map((message) => String(message.key))
  const explain = async (...args: readonly string[]) => {
    const folder = { CHAINON_SECRETS_DIR: `${pipeline.place.folder}/secrets/linker` }
    const { status, stdout, stderr } = await runToEnd('services/linker/inspect/main.ts', ['explain', ...args], {
      ...withLogin('linker', pipeline.env),
      ...folder,
    })
    return { status, stdout, stderr }
  }
  const of = await explain('--json', `patient/${key}`)
  expect(of.stderr).toBe('')
  const person = JSON.parse(of.stdout) as { records: string[]; weakest: { records: string[]; weight: number } }
  expect(person.records.length).toBeGreaterThan(1)
  const pair = await explain('--json', ...person.weakest.records)
  const { edge, weight, one_person } = JSON.parse(pair.stdout) as Record<string, unknown>
  expect({ edge, one_person }).toEqual({ edge: person.weakest.weight, one_person: true })
  expect(Math.abs(Number(edge) - Number(weight))).toBeLessThan(0.11)
  const text = await explain(...person.weakest.records)
  expect(text.stdout).toContain('birth_date')
  for (const name of [...GIVEN, ...FAMILY, ...STREETS])
    for (const output of [of, pair, text]) expect(output.stdout.toUpperCase()).not.toContain(name.toUpperCase())
  await push('b', [recordAt('b', 5, { record_version: 1 })])
  await settled()
  expect(await linker.health()).toEqual({ status: 'ok' })
  expect(linker.log()).not.toContain('link-index-taken')
})

test('the report and the review queue: the linker counts its index, an operator counts in the warehouse, and what is small is masked', async () => {
  const folder = { CHAINON_SECRETS_DIR: `${pipeline.place.folder}/secrets/linker` }
  const env = { ...withLogin('linker', pipeline.env), ...folder }
  const counted = await runToEnd('services/linker/inspect/main.ts', ['survey'], env)
  expect(counted.stderr).toBe('')
  const survey = complete(SurveySchema, JSON.parse(counted.stdout))
  if (!survey) throw new Error('the survey has not its form')
  expect(Object.fromEntries(survey.records.by_feed.map(({ feed, records }) => [feed, records]))).toEqual({
    death: 1,
    patient: 12,
  })
  expect(survey.persons.by_patients).toMatchObject({ '1': 0, '2': 6 })
  expect(survey.passes.found).toBeGreaterThan(3)
  expect(survey.passes.unknown).toBe(0)
  const reviewed = await runToEnd('services/cli/chainon.mjs', ['link', 'review', '--list', '--json'], env)
  expect(reviewed.stderr).toBe('')
  const { in_band: inBand, pairs, ...scope } = complete(ReviewQueueSchema, JSON.parse(reviewed.stdout)) ?? {}
  expect(scope).toMatchObject({ compared: 13, known: 13 })
  expect([inBand, pairs?.length]).toEqual([survey.review, survey.review])
  const config = readConfig('link', CLICKHOUSE_KEYS, withLogin('operator', pipeline.env))
  const operator = clickhouseClient('link', config)
  const contracts = loadContracts('schemas/feeds').filter(({ linked }) => linked)
  const all = await readWarehouse(operator, contracts, { kind: 'installation' })
  expect(all).toMatchObject({ patients: 12, persons: 6, ofBoth: null })
  expect(all.subgroups.get('sex')).toContainEqual({ value: 'female', patients: 6, linked: 6 })
  expect(all.subgroups.get('decade of birth')).toContainEqual({ value: '1950s', patients: 4, linked: 4 })
  const producers = await readWarehouse(operator, contracts, { kind: 'producers', pair: ['chu-a', 'chu-b'] })
  expect(producers).toMatchObject({ patients: 12, persons: 6, ofBoth: 6 })
  const feeds = await readWarehouse(operator, contracts, { kind: 'feeds', pair: ['patient', 'death'] })
  expect(feeds).toMatchObject({ patients: 12, ofBoth: 1 })
  await operator.close()
  const data = `${pipeline.place.folder}/report`
  await report(withLogin('operator', pipeline.env), 'patient', 'death', { dataDir: data }, async (line, onOutput) => {
    const ran = await runToEnd('services/linker/inspect/main.ts', line, env)
    onOutput(Buffer.from(ran.stdout))
    return ran.status ?? 1
  })
  const files = readdirSync(`${data}/linkage-reports`).toSorted()
  expect(files.map((file) => file.replace(/^\d{8}T\d{6}Z/, ''))).toEqual(['-patient-death.html', '-patient-death.json'])
  const [, written] = files.map((file) => readFileSync(`${data}/linkage-reports/${file}`, 'utf8'))
  const made = JSON.parse(written ?? '') as LinkReport
  expect(made.persons).toMatchObject({ count: '<11', of_both: '<11' })
  expect(made.sources).toMatchObject({ patients: 12, persons: '<11', of_both: '<11' })
})

test('the whole topic read again changes nothing: nothing is told, and nothing is compared anew', async () => {
  expect(await linker.stop()).toBe(0)
  const before = await extents(topics.linked)
  const group = `${pipeline.place.namespace}linker`
  const offsets = await groupOffsets(pipeline.env, group, topics.linkage)
  expect(offsets.length).toBeGreaterThan(0)
  await commitAs(
    pipeline.env,
    group,
    offsets.map((one) => ({ ...one, offset: '0' })),
  )
  linker = await pipeline.start('linker')
  await settled()
  expect(await extents(topics.linked)).toEqual(before)
  expect(await persons()).toEqual(EXPECTED)
})

test('a forged or moved message is refused and counted, and stops nothing', async () => {
  const [topic = ''] = topics.linkage
  const genuine = (await readTopics(pipeline.env, [topic])).find(({ value }) => value !== null) as ReadMessage
  const value = genuine.value as Buffer
  const headers = { 'chainon-origin': '999', 'chainon-incarnation': 'x' }
  const changed = Buffer.from(value)
  changed[20] = (changed[20] as number) ^ 1
  await produce(pipeline.env, topic, [
    { partition: 0, value: 'no encoding', headers },
    { partition: 0, value, headers },
    { partition: 0, value: changed, headers: { 'chainon-origin': String(genuine.headers['chainon-origin']) } },
    { partition: 0, value },
  ])
  await push('b', [recordAt('b', 5, { record_version: 2 })])
  await settled()
  const metrics = await linker.metrics()
  const refused = (fault: string) =>
    Number(new RegExp(`^chainon_faults_total\\{[^}]*fault="${fault}"[^}]*\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0)
  expect([refused('seal-broken'), refused('missing-header')]).toEqual([3, 1])
  expect(await linker.health()).toEqual({ status: 'ok' })
  expect(await persons()).toEqual(EXPECTED)
})

test('a cancelled record is of no person, and those whom it held together are on their own', async () => {
  await push('a', [recordAt('a', 3, { record_version: 3, operation: 'cancel' })])
  // A version from before the cancellation changes nothing.
  await push('a', [recordAt('a', 3, { record_version: 2 })])
  await settled()
  const [row] = await pipeline.rows<Record<string, unknown>>(
    `SELECT toString(countIf(method = 'cancelled' AND person_id = '')) AS cancelled,
            toString(countIf(method = 'establishment-ipp' AND weight IS NULL)) AS alone FROM person_link_scored FINAL`,
  )
  // Alone: whom the cancelled one was linked with, and the death.
  expect(row).toEqual({ cancelled: '1', alone: '2' })
  expect(await persons()).toEqual(EXPECTED.map((person) => (person === 'a3 b3' ? 'b3' : person)).toSorted())
  // Who was who, and since when: the change is known with its reason, and what was before is still there.
  const changes = await pipeline.rows(
    `SELECT kind, reason, model, new_person_id = '' AS gone, old_person_id != '' AS known FROM person_change WHERE kind = 'cancelled'`,
  )
  expect(changes).toEqual([{ kind: 'cancelled', reason: 'records', model: defaultModel().version, gone: 1, known: 1 }])
  const at = (day: string) =>
    pipeline.rows<Record<string, unknown>>(
      `SELECT toString(count()) AS records, toString(uniqExact(person_id)) AS persons FROM person_link_scored_at(day = ${day})`,
    )
  expect(await at('today()')).toEqual([{ records: '12', persons: '6' }])
  expect(await at('today() - 1')).toEqual([{ records: '0', persons: '0' }])
})

test('no name and no encoding is in what the linker tells, in the pseudonymised log, or in a log file', async () => {
  const contracts = loadContracts('schemas/feeds')
  const encoder = recordEncoder(installationTraits(contracts), Buffer.alloc(32))
  const form = { form: formOf(encoder), filterWords: encoder.layout.words, tokenWords: 2 * encoder.kinds.length }
  const secret = loadOrCreateSecret(`${pipeline.place.folder}/secrets/linkage`, 'transport.key')
  const sealed = await readTopics(pipeline.env, topics.linkage)
  const secrets = sealed.flatMap(({ topic, value, headers }) => {
    const plain = value && linkageSeal(secret, topic).open(value, String(headers['chainon-origin']))
    const read = plain && unpackMessage(plain, form)
    if (!read?.ok || !read.message.encoded) return []
    const { filters, tokens } = read.message.encoded
    const bytes = Buffer.concat([Buffer.from(filters.buffer), Buffer.from(tokens.buffer)])
    return Array.from({ length: bytes.length / 8 }, (_, at) => bytes.subarray(8 * at, 8 * at + 8))
  })
  // Eight zero bytes are in anything, and few bits say nothing.
  const telling = secrets.filter((bytes) => bytes.filter((byte) => byte !== 0).length >= 7)
  expect(telling.length).toBeGreaterThan(100)
  const names = [...GIVEN, ...FAMILY, ...STREETS].flatMap((name) => [name, name.toUpperCase()])
  const read = await readTopics(pipeline.env, [...topics.linked, ...topics.pseudonymised])
  const places = [
    ...read.flatMap(({ key, value }) => [key, value].filter((bytes) => bytes !== null)),
    ...[linker, pipeline.services.deidentify, pipeline.services.curate].map((one) => Buffer.from(one.log())),
    Buffer.from(await linker.metrics()),
    Buffer.from(JSON.stringify(await pipeline.rows('SELECT * FROM person_link_scored'))),
  ]
  for (const bytes of places) {
    const text = bytes.toString('latin1')
    for (const name of names) expect(text).not.toContain(Buffer.from(name).toString('latin1'))
    expect(telling.filter((one) => bytes.includes(one) || text.includes(one.toString('hex')))).toEqual([])
  }
  // The same search finds them where they are; some of these messages are forged, or have no encoding.
  const opened = sealed.flatMap(({ topic, value, headers }) => {
    const plain = value && linkageSeal(secret, topic).open(value, String(headers['chainon-origin']))
    return plain ? [plain] : []
  })
  expect(telling.filter((one) => !opened.some((plain) => plain.includes(one)))).toEqual([])
})

test('other keys of encodings and of tokens: what was sealed before is read beside it, and its key is destroyed when nothing of it is left', async () => {
  const { folder } = pipeline.place
  const secrets = { CHAINON_SECRETS_DIR: `${folder}/secrets/curate` }
  const tokens = (...args: readonly string[]) =>
    runToEnd('services/curate/rotate-tokens/main.ts', args, { ...withLogin('curate', pipeline.env), ...secrets })
  const transport = (...args: readonly string[]) =>
    runToEnd('services/deidentify/rotate/main.ts', args, withLogin('deidentify', pipeline.env))
  const both = async (command: string) => {
    const ran = await Promise.all([tokens(command), transport(command)])
    expect(ran.map(({ status }) => status)).toEqual([0, 0])
  }
  await both('prepare')
  const { deidentify } = pipeline.services
  const ended = [deidentify, linker].map(({ child }) => once(child, 'exit').then(([status]) => status as number))
  await both('rotate')
  expect(await Promise.all(ended)).toEqual([75, 75])
  const started = await Promise.all([pipeline.start('deidentify'), pipeline.start('linker')])
  pipeline.services.deidentify = started[0]
  linker = started[1]
  const known = await persons()
  await push('b', [recordAt('b', 5, { record_version: 5 })])
  await settled()
  expect(await persons()).toEqual(known)
  for (const service of [linker, pipeline.services.curate]) expect(await service.health()).toEqual({ status: 'ok' })
  const refused = await transport('retire')
  expect([refused.status, refused.stderr]).toEqual([75, expect.stringContaining('are sealed under version 1')])
  expect(readdirSync(`${folder}/secrets/linkage`).toSorted()).toEqual(['transport-2.key', 'transport.key'])
  // As the retention does.
  await withAdmin(testKafka(pipeline.env), async (admin) => {
    for (const topic of topics.linkage) {
      const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
        partition,
        offset: high,
      }))
      await admin.deleteTopicRecords({ topic, partitions })
    }
  })
  const again = once(linker.child, 'exit')
  const environment = {
    ...withLogin('deidentify', pipeline.env),
    CHAINON_SECRETS_DIR: `${folder}/secrets/deidentify`,
  }
  const retired = await runToEnd(
    'services/cli/chainon.mjs',
    ['keys', 'rotate-transport', '--retire', '--json'],
    environment,
  )
  expect([retired.status, JSON.parse(retired.stdout)]).toEqual([
    0,
    { in_force: 2, retired: [1], destroyed: ['linkage/transport.key'] },
  ])
  expect(readdirSync(`${folder}/secrets/linkage`)).toEqual(['transport-2.key'])
  expect((await again)[0]).toBe(75)
})
