/** The linker in the stream: records of two producers, written differently, from the gateway to persons in ClickHouse, whatever is killed, read again or forged. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { avroRegistry } from '#core/avro/registry.ts'
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { tokenWrap } from '#core/crypto/token-wrap.ts'
import { commandSecret } from '#core/http/command-door.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { defaultModel } from '#core/linkage/default-model.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { unpackMessage } from '#core/linkage/message.ts'
import { normaliseTraits } from '#core/linkage/normalise-traits.ts'
import { ReviewQueueSchema } from '#core/linkage/review/review-queue.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import { SurveySchema } from '#core/linkage/survey.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { complete } from '#core/schema/complete.ts'
import { tokenOpener } from '#core/sealing/tokens.ts'
import { linkDirectly } from '../../services/cli/link-external.ts'
import type { LinkReport } from '../../services/cli/link-report/report.ts'
import { report } from '../../services/cli/link-report/run.ts'
import { readWarehouse } from '../../services/cli/link-report/warehouse.ts'
import { linkServices } from '../../services/console/review/link-services.ts'
import { writtenTraits } from '../../services/deidentify/linkage/encode-identity.ts'
import { tokeniser } from '../../services/deidentify/linkage/tokenise.ts'
import { projectPseudonyms } from '../../services/extract/pseudonyms.ts'
import { codec, packHead, readHead, readTokens } from '../../services/linker/index/codec.ts'
import { indexKeys } from '../../services/linker/index/keys.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { commitAs, groupOffsets, produce, type ReadMessage, readTopics, testKafka } from '../helpers/kafka.ts'
import { onlyLong } from '../helpers/long.ts'
import { recordOf } from '../helpers/records.ts'
import { testRedis } from '../helpers/redis.ts'
import { servers, withLogin } from '../helpers/servers.ts'
import { failingService, type Pipeline, type ServiceProcess, startPipeline } from '../helpers/services.ts'

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

const ROOT = join(import.meta.dirname, '../..')

/** A rotation of the key of first-level pseudonyms that the test can kill. */
function spawnedRotation(env: Readonly<Record<string, string>>): {
  readonly child: ChildProcess
  readonly log: () => string
} {
  const child = spawn(
    ...stopWithParent(
      join(ROOT, 'node_modules/.bin/node'),
      [join(ROOT, 'services/provision/rotate/main.ts'), 'rotate'],
      'KILL',
    ),
    {
      cwd: ROOT,
      env: { ...process.env, ...withLogin('provision', env) },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  return { child, log: () => log }
}

const patientFeed = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') ?? expect.unreachable()

let pipeline: Pipeline
let linker: ServiceProcess
let topics: Readonly<Record<'linkage' | 'linked' | 'pseudonymised', readonly string[]>>

beforeAll(async () => {
  pipeline = await startPipeline()
  const { namespace } = pipeline.place
  const of = (kind: string) => ['patient', 'death', 'patient_merge'].map((feed) => `${namespace}${kind}.${feed}`)
  topics = { linkage: of('linkage'), linked: of('linked'), pseudonymised: of('pseudonymised') }
  linker = await pipeline.start('linker')
})
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

/** The linker with other settings. */
async function restarted(settings: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  expect(await linker.stop()).toBe(0)
  return pipeline.start('linker', settings)
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

/** What the console uses. */
function door() {
  const secret = commandSecret({ CHAINON_REVIEW_SECRETS_DIR: '', CHAINON_DATA_DIR: pipeline.place.folder })
  return linkServices({ linker: linker.url, curate: pipeline.services.curate.url, secret, now: Date.now })
}

function runDecide(decision: string, records: readonly [string, string], ...more: readonly string[]) {
  const environment = { ...pipeline.env, CHAINON_SECRETS_DIR: join(pipeline.env.CHAINON_SECRETS_DIR ?? '', 'curate') }
  const line = [`--${decision}`, ...records, '--reason', 'seen-in-both-files', '--json', ...more]
  return runToEnd('services/cli/chainon.mjs', ['link', 'decide', ...line], environment)
}

async function decideAbout(decision: string, records: readonly [string, string], ...more: readonly string[]) {
  const { status, stdout } = await runDecide(decision, records, ...more)
  expect(status).toBe(0)
  return JSON.parse(stdout) as { effect: string; dry_run: boolean }
}

test('a second linker waits outside of the group, and takes over when the first is killed; one that was suspended for too long changes nothing and ends', async () => {
  const group = async () =>
    withAdmin(testKafka(pipeline.env), async (admin) => {
      const { groups } = await admin.describeGroups([`${pipeline.place.namespace}linker`])
      return groups[0]?.members.length
    })
  const redis = testRedis(pipeline.env)
  const [lease] = await redis.keys(`{lx:${pipeline.place.namespace}*}h`)
  const second = await pipeline.start('linker')
  expect([await second.health(), await second.alarms(), await group()]).toEqual([{ status: 'standby' }, [], 1])
  expect(await second.metrics()).toMatch(/^chainon_linkage_standby\S* 1$/m)
  await killed(linker)
  await expect.poll(() => second.health()).toEqual({ status: 'ok' })
  expect(await second.metrics()).toMatch(/^chainon_linkage_standby\S* 0$/m)
  await push('b', [recordAt('b', 0)])
  await settled()
  expect(await persons()).toEqual(EXPECTED)

  const third = await pipeline.start('linker')
  second.child.kill('SIGSTOP')
  // As after the time of its lease.
  await redis.del(lease as string)
  await expect.poll(() => third.metrics()).toMatch(/^chainon_linkage_standby\S* 0$/m)
  const ended = once(second.child, 'exit')
  second.child.kill('SIGCONT')
  expect(await ended).toEqual([75, null])
  expect(second.log()).toContain('another linker has the linkage index')
  await push('b', [recordAt('b', 1)])
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  linker = third
  redis.disconnect()
})

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
  const misnamed = [records[0].replace('patient/', 'death/'), records[1]] as const
  const refused = await runDecide('withdraw', misnamed, '--dry-run')
  expect({ status: refused.status, stderr: refused.stderr }).toEqual({
    status: 1,
    stderr: 'chainon: RECORD_A is a record of another feed than the one that is given.\n',
  })
  // The console asks curate to send it, which runs the same command.
  const by = { id: 'ab'.repeat(8), reason: 'review-undone', by: 'anna' }
  expect(await door().decide({ ...by, decision: 'withdraw', records })).toMatchObject({ kind: 'answer' })
  while ((await persons()).join() !== EXPECTED.join()) await sleep(50)
  while ((await pipeline.rows(changes)).length < 2) await sleep(50)
  expect((await pipeline.rows<{ kind: string }>(changes)).map(({ kind }) => kind).toSorted()).toEqual([
    'merge',
    'split',
  ])
  const history = await door().history(records[0])
  if (history.kind !== 'answer') throw new Error(history.detail)
  const decided = history.value.changes.filter(({ reason }) => reason === 'decision')
  expect(decided.map(({ kind, from, to }) => [kind, from, to])).toEqual([['merge', 2, 1]])
  expect(JSON.stringify(history)).not.toMatch(/p[n0-9]_/)
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
       WHERE patient_id IN (SELECT patient_id FROM patient WHERE _producer = 'chu-a' AND toUnixTimestamp64Milli(updated_at) % 10 IN (0, 3)) GROUP BY method ORDER BY method`,
    )
  const apart = await exact()
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
  expect(await exact()).toEqual(apart)
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
  const [one = '', other = ''] = person.weakest.records
  const asked = await Promise.all([door().pair([one, other]), door().person(`patient/${key}`)])
  expect(asked).toEqual([pair, of].map(({ stdout }) => ({ kind: 'answer', value: JSON.parse(stdout) as unknown })))
  expect(await door().pair([one, `patient/p1_${'x'.repeat(43)}`])).toEqual({
    ...{ kind: 'refused', detail: 'RECORD_B is not in the linkage index, or it is cancelled' },
  })
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
  // With four of merges that were cancelled.
  expect(scope).toMatchObject({ compared: 17, known: 17 })
  expect([inBand, pairs?.length]).toEqual([survey.review, survey.review])
  const config = readConfig('link', CLICKHOUSE_KEYS, withLogin('operator', pipeline.env))
  const operator = clickhouseClient('link', config)
  const contracts = loadContracts('schemas/feeds').filter(({ linked }) => linked)
  const all = await readWarehouse(operator, contracts, { kind: 'installation' })
  expect(all).toMatchObject({ patients: 12, persons: 6, ofBoth: null, agreement: { exactAlone: 0 } })
  // What the exact links miss, the model has.
  expect(all.agreement.both + all.agreement.modelAlone).toBe(6)
  expect(all.agreement.modelAlone).toBeGreaterThan(0)
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

const PROJECT = 'linkcohort'
const projectFile = (least: number) =>
  JSON.stringify({
    ...{ id: PROJECT, title: 'Cohort', purpose: 'Links a cohort', contact: 'office@hospital.example' },
    retention_until: '2035-12-31',
    period: { from: '2000-01-01', to: '2035-01-01' },
    cohort: { sex: ['female', 'male'] },
    tables: [{ feed: 'patient', columns: ['sex'] }],
    potential_identifiers: {
      ...{ birth_year_month: 'keep', residence_location: 'drop', exact_care_dates: 'keep', exact_death_date: 'drop' },
      death_location: 'drop',
    },
    min_cohort: least,
    external_linkage: {
      circuits: ['direct', 'indirect'],
      criteria: ['patient.sex', 'patient.birth_month', 'encounter.started_at', 'encounter.kind'],
      at_least: 2,
    },
  })

/** Runs a step as the command does, with the login and the secrets of its service. */
function externalStep(
  service: string,
  args: readonly string[],
  stdio: Parameters<typeof spawn>[2]['stdio'],
): ChildProcess {
  const secrets = { CHAINON_SECRETS_DIR: `${pipeline.place.folder}/secrets/${service}` }
  const env = { ...process.env, ...withLogin(service, pipeline.env), ...secrets }
  return spawn(...stopWithParent('node_modules/.bin/node', [`services/${service}/external/main.ts`, ...args], 'KILL'), {
    stdio,
    env,
  })
}

/** With an output that is read. */
async function external(line: (launch: typeof externalStep) => Promise<number | null>) {
  let [stdout, stderr] = ['', '']
  const status = await line((service, args, stdio) => {
    const wanted = (stdio as readonly string[]).map((one) => (one === 'inherit' ? 'pipe' : one))
    const child = externalStep(service, args, wanted as typeof stdio)
    if (wanted[1] === 'pipe' && service === 'extract')
      child.stdout?.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
    child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
    return child
  })
  return { status, stdout, stderr }
}

const keptBy = (...args: readonly string[]) =>
  external(async (launch) => {
    const child = launch('extract', args, ['ignore', 'inherit', 'inherit'])
    return ((await once(child, 'close')) as [number | null])[0]
  })

const linkedBy = (file: string, id: string, project: string, ...more: readonly string[]) =>
  external((launch) =>
    linkDirectly(
      {
        run: id,
        encode: ['--feed', 'patient', '--', file],
        keep: ['link', 'direct', '--project', project, '--run', id, '--days', '30', '--json', ...more],
      },
      launch,
    ),
  )

interface Kept {
  readonly report: { readonly result: object; readonly passes: readonly Readonly<Record<string, unknown>>[] }
  readonly correspondence: { readonly id: string; readonly folder: string } | null
}

test("a project's cohort is linked by identities, and by criteria: only a correspondence is kept, it is destroyed with a proof, and the index does not know the cohort", async () => {
  const folder = `${pipeline.place.folder}/cohort`
  mkdirSync(folder)
  const at = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}`, text)
    return `${folder}/${name}`
  }
  const traits = [
    'birth_family_name',
    'birth_given_names',
    'birth_date',
    'sex',
    'birth_place_insee',
    'address_line',
    'postcode',
    'city',
  ]
  const rows = people.map((person, n) => [`S-${n}`, ...traits.map((trait) => `"${String(person[trait])}"`)].join(';'))
  const header = ['subject', ...traits].join(';')
  const stranger = 'S-9;"Inconnu";"Zébulon";"1933-02-03";"male";"75056";"1 rue Nulle";"75001";"Paris"'
  const cohort = at('cohort.csv', [header, ...rows, stranger].join('\n'))
  const project = at('project.yaml', projectFile(4))
  await settled()
  const before = await extents(topics.linked)

  const made = await linkedBy(cohort, '00000000000000a1', project)
  expect(made.stderr).toContain('match: 7 of 7 subjects')
  expect(made.status).toBe(0)
  const kept = JSON.parse(made.stdout) as Kept
  expect(kept.report.result).toMatchObject({ linked: '<11' })
  const id = kept.correspondence?.id ?? ''

  // Whom the exact links have as two persons (a typo, swapped names) is several persons of the project: excluded.
  const opened = await keptBy('open', id)
  const links = await pipeline.rows<{ person: string; who: string }>(
    `SELECT DISTINCT l.person_id AS person, toString(toUnixTimestamp64Milli(p.updated_at) % 10) AS who
     FROM person_link_current AS l INNER JOIN patient AS p ON p.patient_id = l.patient_id`,
  )
  const secret = loadOrCreateSecret(`${pipeline.place.folder}/secrets/extract`, `project-${PROJECT}.key`)
  const third = projectPseudonyms(secret)
  const byWho = Map.groupBy(links, ({ who }) => who)
  const alone = [...byWho].filter(([, own]) => own.length === 1)
  const expected = alone.map(([n, own]) => `S-${n},${third.replace('person', own[0]?.person ?? '')}`).toSorted()
  expect(expected.length).toBe(4)
  expect(opened.stdout.trim().split('\n')).toEqual(['subject,person_id', ...expected])
  expect(opened.stdout).not.toContain('p2_')

  // The linker has told nothing, and stays the writer; the cohort is in no other place.
  expect(await extents(topics.linked)).toEqual(before)
  expect(await linker.health()).toEqual({ status: 'ok' })
  const written = readdirSync(kept.correspondence?.folder ?? '').map((name) =>
    readFileSync(`${kept.correspondence?.folder}/${name}`, 'latin1'),
  )
  for (const text of [...written, made.stdout, made.stderr])
    for (const name of [...GIVEN, ...FAMILY, ...STREETS, 'S-0', 'S-2'])
      expect(text).not.toContain(Buffer.from(name).toString('latin1'))

  // A stay of each at one hospital. One cohort's dates and sexes are partly wrong.
  const stays = people.map((_, n) =>
    recordOf('encounter', `e-${n}`, `ipp-a-${n}`, { started_at: `2024-0${n + 1}-0${n + 1}T09:00:00Z`, ended_at: null }),
  )
  await pipeline.push('chu-a', 'encounter', stays)
  await settled()
  const criteria = people.map(({ sex, birth_date: birth }, n) => {
    const started = n === 1 ? '2020-01-01' : `2024-0${n + 1}-0${n + 1}`
    const written = n === 2 ? 'male' : String(sex)
    return [`S-${n}`, written, String(birth).slice(0, 7), started, n === 3 ? 'outpatient' : 'inpatient'].join(',')
  })
  const heading = 'subject,patient.sex,patient.birth_month,encounter.started_at,encounter.kind'
  const file = at('criteria.csv', [heading, ...criteria].join('\n'))
  const indirect = await keptBy(
    'link',
    'indirect',
    '--project',
    project,
    '--run',
    '00000000000000b1',
    '--days',
    '30',
    '--file',
    file,
    '--json',
  )
  expect([indirect.status, indirect.stderr]).toEqual([
    0,
    expect.stringContaining('step 3: patient.birth_month, encounter.started_at'),
  ])
  const steps = (JSON.parse(indirect.stdout) as Kept).report.passes
  expect(steps.map(({ pass }) => pass)).toEqual([
    'patient.sex, patient.birth_month, encounter.started_at, encounter.kind',
    'patient.sex, patient.birth_month, encounter.started_at',
    'patient.birth_month, encounter.started_at',
  ])
  const [first = '', ...others] = (await keptBy('open', '00000000000000b1')).stdout.trim().split('\n')
  expect([first, others.map((line) => line.slice(0, 3))]).toEqual([
    'subject,person_id',
    ['S-0', 'S-2', 'S-3', 'S-4', 'S-5'],
  ])
  // One person has one pseudonym in both.
  expect(others.filter((line) => expected.includes(line)).map((line) => line.slice(0, 3))).toEqual([
    'S-2',
    'S-3',
    'S-4',
    'S-5',
  ])

  // A dry run, few subjects, few links, a project that does not declare it, a subject twice: nothing is kept.
  const ran = async (name: string, of: string, ...more: readonly string[]) =>
    keptBy('link', 'indirect', '--project', name, '--run', '00000000000000c1', '--days', '30', '--file', of, ...more)
  const dry = await ran(project, file, '--json', '--dry-run')
  expect([dry.status, (JSON.parse(dry.stdout) as Kept).correspondence]).toEqual([0, null])
  const few = await ran(at('strict.yaml', projectFile(6)), file)
  const one = await linkedBy(at('one.csv', [header, rows[0]].join('\n')), '00000000000000c4', project)
  expect([few.status, one.status, few.stdout, one.stdout]).toEqual([1, 1, '', ''])
  const undeclared = at('undeclared.yaml', projectFile(4).replace('"direct","indirect"', '"indirect"'))
  const [forbidden, twice] = await Promise.all([
    linkedBy(cohort, '00000000000000c2', undeclared),
    linkedBy(at('twice.csv', [header, ...rows, rows[2]].join('\n')), '00000000000000c3', project),
  ])
  expect([forbidden.status, twice.status]).toEqual([78, 78])
  expect(twice.stderr).toContain('line 8: column subject: the subject of line 4 is there again (duplicate-subject)')
  expect(twice.stderr).not.toContain('Delaroche')
  const folders = readdirSync(`${pipeline.place.folder}/external-links`).toSorted()
  expect(folders).toEqual(['00000000000000a1', '00000000000000b1'])
  expect(await pipeline.rows(`SELECT name FROM system.databases WHERE name LIKE 'project_${PROJECT}%'`)).toEqual([])

  // Destroyed: neither key nor file, and the journal has the proof.
  const destroyed = await keptBy('destroy', id, '--json')
  expect([destroyed.status, JSON.parse(destroyed.stdout)]).toEqual([0, expect.objectContaining({ id, opens: false })])
  const { sha256, key } = JSON.parse(destroyed.stdout) as Record<string, string>
  expect(existsSync(`${kept.correspondence?.folder}/correspondence.sealed`)).toBe(false)
  expect(
    readdirSync(`${pipeline.place.folder}/secrets/extract`).filter((name) => name.startsWith('external-')),
  ).toEqual(['external-00000000000000b1.key'])
  const entries = (await readTopics(pipeline.env, [`${pipeline.place.namespace}audit.access`])).map(
    ({ value }) => JSON.parse(String(value)) as Record<string, unknown>,
  )
  const proof = entries.find(({ action, outcome }) => action === 'link-external-destroy' && outcome === 'done')
  expect(proof).toMatchObject({
    object: `external-link:${id}`,
    facts: { key, correspondence_sha256: sha256, reason: 'asked', project: PROJECT },
  })
  expect(entries.find(({ object, outcome }) => object === `external-link:${id}` && outcome === 'done')).toMatchObject({
    facts: { subjects: 7, linked: 4, key, correspondence_sha256: sha256 },
  })
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

test('Redis lost: the custodians restore the index from a snapshot, and the linker goes on from there with the same persons', async () => {
  const data = `${pipeline.place.folder}/snapshot-data`
  const folders = {
    ...{ CHAINON_DATA_DIR: data, CHAINON_LINKAGE_SNAPSHOT_DIR: `${pipeline.place.folder}/snapshots` },
    CHAINON_SECRETS_DIR: `${pipeline.place.folder}/secrets/linker`,
  }
  const link = (...line: readonly string[]) =>
    runToEnd('services/cli/chainon.mjs', ['link', ...line], { ...withLogin('linker', pipeline.env), ...folders })
  const restore = (path: string, files: readonly string[], ...more: readonly string[]) =>
    link('restore', path, '--share', ...files, ...more)
  const begun = await link('snapshot-key', '--shares', '2', '--need', '2', '--out', `${data}/custodians`)
  const shares = begun.stdout.trim().split('\n')
  expect([begun.status, shares.length]).toEqual([0, 2])
  linker = await restarted({ CHAINON_LINKAGE_SNAPSHOT_DIR: folders.CHAINON_LINKAGE_SNAPSHOT_DIR })
  const taken = await link('snapshot', '--json')
  expect(taken.status).toBe(0)
  const { path, records } = JSON.parse(taken.stdout) as { path: string; records: number }
  // The death, too, where its test has run.
  expect(records).toBeGreaterThanOrEqual(12)
  expect(await linker.metrics()).toMatch(/^chainon_linkage_snapshots\{[^}]*\} [12]$/m)
  // What comes after the snapshot is read again.
  await push('b', [recordAt('b', 4, { record_version: 1, phone: null })])
  await settled()
  const running = await restore(path, shares, '--replace')
  expect([running.status, running.stderr]).toEqual([78, expect.stringContaining('stop it first')])
  expect(await linker.stop()).toBe(0)

  const redis = testRedis(servers())
  const keys = await redis.keysBuffer(`{lx:${pipeline.place.namespace}main}*`)
  expect(keys.length).toBeGreaterThan(records)
  await redis.unlink(...keys)
  redis.disconnect()
  const before = await extents(topics.linked)
  const cut = `${data}/cut.snapshot`
  writeFileSync(cut, readFileSync(path).subarray(0, -1))
  for (const [file, files, problem] of [
    [path, shares.slice(0, 1), 'needs 2 of its 2 shares'],
    [cut, shares, 'is cut'],
  ] as const) {
    const refused = await restore(file, files)
    expect([refused.status, refused.stderr]).toEqual([78, expect.stringContaining(problem)])
  }
  const dry = await restore(path, shares, '--dry-run', '--json')
  expect(JSON.parse(dry.stdout)).toMatchObject({ records, present: 0, expired: 0, dry_run: true })
  const restored = await restore(path, shares)
  expect([restored.status, restored.stdout]).toEqual([0, expect.stringContaining('with the persons of then')])
  linker = await pipeline.start('linker')
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  // Told again is the record that came after the snapshot alone.
  const told = [...(await extents(topics.linked))].reduce(
    (sum, [key, high]) => sum + Number(high) - Number(before.get(key)),
    0,
  )
  expect(told).toBeLessThan(3)
  expect(await linker.health()).toEqual({ status: 'ok' })
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

/** Not of merges. */
const OF_PATIENTS = 'WHERE record_id IN (SELECT record_id FROM feed_patient UNION ALL SELECT record_id FROM feed_death)'

test('a cancelled record is of no person, and those whom it held together are on their own', async () => {
  await push('a', [recordAt('a', 3, { record_version: 3, operation: 'cancel' })])
  // A version from before the cancellation changes nothing.
  await push('a', [recordAt('a', 3, { record_version: 2 })])
  await settled()
  const [row] = await pipeline.rows<Record<string, unknown>>(
    `SELECT toString(countIf(method = 'cancelled' AND person_id = '')) AS cancelled,
            toString(countIf(method = 'establishment-ipp' AND weight IS NULL)) AS alone FROM person_link_scored FINAL ${OF_PATIENTS}`,
  )
  // Alone: whom the cancelled one was linked with, and the death.
  expect(row).toEqual({ cancelled: '1', alone: '2' })
  expect(await persons()).toEqual(EXPECTED.map((person) => (person === 'a3 b3' ? 'b3' : person)).toSorted())
  // Who was who, and since when: the change is known with its reason, and what was before is still there.
  const changes = await pipeline.rows(
    `SELECT kind, reason, model, new_person_id = '' AS gone, old_person_id != '' AS known FROM person_change ${OF_PATIENTS} AND kind = 'cancelled'`,
  )
  expect(changes).toEqual([{ kind: 'cancelled', reason: 'records', model: defaultModel().version, gone: 1, known: 1 }])
  const at = (day: string) =>
    pipeline.rows<Record<string, unknown>>(
      `SELECT toString(count()) AS records, toString(uniqExact(person_id)) AS persons FROM person_link_scored_at(day = ${day})`,
    )
  expect(await at('today()')).toEqual([{ records: '12', persons: '6' }])
  expect(await at('today() - 1')).toEqual([{ records: '0', persons: '0' }])
  // In words, of one record: what the operator had decided and withdrawn is why it is where it is.
  const [told] = await pipeline.rows<{ record: string }>(
    `SELECT record_id AS record FROM person_change WHERE reason = 'decision' LIMIT 1`,
  )
  const line = ['link', 'explain', told?.record ?? '', '--json', '--on', new Date().toISOString().slice(0, 10)]
  const explained = await runToEnd('services/cli/chainon.mjs', line, withLogin('operator', pipeline.env))
  expect(explained.stderr).toBe('')
  expect(JSON.parse(explained.stdout)).toMatchObject({
    person: { records: 2, patients: 2, method: 'scored' },
    changes: [
      { kind: 'split', reason: 'decision' },
      { kind: 'merge', reason: 'decision' },
      // While its patient was merged with another.
      { kind: 'split', reason: 'records' },
      { kind: 'merge', reason: 'records' },
    ],
    later: [],
  })
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
  linker = await pipeline.start('linker')
})

test('other keys of the encodings and of the index: killed and started again it is moved, the persons stay, and the keys of before find nothing', async (context) => {
  onlyLong(context)
  const { folder, namespace } = pipeline.place
  const data = `${folder}/rotation-data`
  const settings = { CHAINON_DATA_DIR: data, CHAINON_LINKAGE_SNAPSHOT_DIR: `${folder}/rotation-snapshots` }
  const secrets = `${folder}/secrets/linker`
  const environment = {
    ...{ ...withLogin('linker', pipeline.env), ...settings, CHAINON_SECRETS_DIR: secrets },
    CHAINON_LINKAGE_SECRETS_DIR: `${folder}/secrets/linkage`,
  }
  const rotation = (command: string) => runToEnd('services/linker/rotate/main.ts', [command, '--json'], environment)
  const link = (...line: readonly string[]) => runToEnd('services/cli/chainon.mjs', ['link', ...line], environment)
  const began = await link('snapshot-key', '--shares', '2', '--need', '2', '--out', `${data}/custodians`, '--replace')
  expect([began.status, began.stderr]).toEqual([0, expect.any(String)])
  linker = await restarted({ CHAINON_LINKAGE_SNAPSHOT_DIR: settings.CHAINON_LINKAGE_SNAPSHOT_DIR })
  for (const producer of ['a', 'b'] as const)
    await push(
      producer,
      people.map((_, n) => recordAt(producer, n, { record_version: 20 })),
    )
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  const taken = JSON.parse((await link('snapshot', '--json')).stdout) as { path: string }
  const before = await extents(topics.linked)

  // Who has linkage-encoding.key of before, a list of people, and an index that is opened.
  const contracts = loadContracts('schemas/feeds')
  const patient = contracts.find(({ feed }) => feed === 'patient')
  const leaked = recordEncoder(
    installationTraits(contracts),
    loadOrCreateSecret(`${folder}/secrets/deidentify`, 'linkage-encoding.key'),
  )
  const dictionary = people.map((person) =>
    leaked.encode(
      normaliseTraits(
        patient
          ? writtenTraits(patient)({ ...person, birth_date: Date.parse(String(person.birth_date)) / 86_400_000 })
          : {},
        'YYYY-MM-DD',
      ),
    ),
  )
  const family = leaked.layout.fields.find(({ trait }) => trait === 'birth_name')
  const found = async (name: string, key: string) => {
    const redis = testRedis(pipeline.env)
    const keys = indexKeys(loadOrCreateSecret(secrets, key))
    const stored = await Promise.all(
      (await redis.keysBuffer(`{lx:${name}}r*`)).map((one) => redis.getBuffer(one) as Promise<Buffer>),
    )
    redis.disconnect()
    const names = new Set<string>()
    const tokens = new Set<string>()
    for (const record of stored) {
      const { filters } = codec(leaked.layout).unpack(keys.open(record, readHead(record).bytes))
      names.add(filters.subarray(family?.offset, (family?.offset ?? 0) + (family?.words ?? 0)).join())
      for (const token of readTokens(record)) tokens.add(token.toString('hex'))
    }
    return dictionary.map((one) => ({
      name: names.has(one.filters.subarray(family?.offset, (family?.offset ?? 0) + (family?.words ?? 0)).join()),
      tokens: readTokens(
        packHead({ version: 0, stamp: 0 }, { source: 0, producer: 0 }, Buffer.alloc(12), keys.tokens(one.tokens)),
      ).filter((token) => tokens.has(token.toString('hex'))).length,
    }))
  }
  const read = await found(`${namespace}main`, 'linkage-index.key')
  expect(read.map(({ name }) => name)).toEqual(people.map(() => true))
  expect(Math.min(...read.map(({ tokens }) => tokens))).toBeGreaterThan(5)

  const unprepared = await rotation('rotate')
  expect([unprepared.status, unprepared.stderr]).toEqual([78, expect.stringContaining('run it with --prepare first')])
  expect((await rotation('prepare')).status).toBe(0)
  const surveyed = JSON.parse((await rotation('survey')).stdout) as Record<string, unknown>
  expect(surveyed).toMatchObject({ in_force: 1, prepared: 2, moving: false })
  expect(surveyed.records).toBeGreaterThanOrEqual(12)
  const ended = once(linker.child, 'exit')
  const child = spawn(
    ...stopWithParent(
      join(ROOT, 'node_modules/.bin/node'),
      [join(ROOT, 'services/linker/rotate/main.ts'), 'rotate'],
      'KILL',
    ),
    {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    },
  )
  // It has said that the index moves, and waits for the linker, which ends by itself.
  expect((await ended)[0]).toBe(75)
  child.kill('SIGKILL')
  await once(child, 'exit').catch(() => undefined)
  const waits = await failingService('linker', pipeline.env)
  const interrupted = JSON.parse((await rotation('survey')).stdout) as { in_force: number }
  // Killed at the end of it, it is in force already.
  if (interrupted.in_force === 1)
    expect([waits.status, waits.log]).toEqual([75, expect.stringContaining('chainon keys rotate-encodings')])
  // What is sent meanwhile is encoded under the former version, and lifted.
  await push('b', [recordAt('b', 3, { record_version: 21, phone: null })])
  await pipeline.completeLedger()
  const deidentifyEnded = once(pipeline.services.deidentify.child, 'exit')
  const { status, stdout, stderr } = await rotation('rotate')
  expect([status, stderr]).toEqual([0, expect.any(String)])
  expect(JSON.parse(stdout)).toMatchObject({ version: 2, records: surveyed.records })
  expect((await deidentifyEnded)[0]).toBe(75)
  pipeline.services.deidentify = await pipeline.start('deidentify')
  linker = await pipeline.start('linker', {
    CHAINON_LINKAGE_SNAPSHOT_DIR: settings.CHAINON_LINKAGE_SNAPSHOT_DIR,
    CHAINON_LINKAGE_SNAPSHOT_HOURS: '0',
  })
  await push('a', [recordAt('a', 5, { record_version: 21, phone: null })])
  await settled()
  expect(await persons()).toEqual(EXPECTED)
  // Two records came, and no other was told anew.
  const told = [...(await extents(topics.linked))].reduce(
    (sum, [key, high]) => sum + Number(high) - Number(before.get(key)),
    0,
  )
  expect(told).toBeLessThan(3)
  for (const service of [linker, pipeline.services.curate]) expect(await service.health()).toEqual({ status: 'ok' })
  const after = await found(`${namespace}main.2`, 'linkage-index-2.key')
  expect(after).toEqual(people.map(() => ({ name: false, tokens: 0 })))

  const refused = await rotation('retire')
  expect([refused.status, refused.stderr]).toEqual([78, expect.stringContaining('there is no snapshot of')])
  expect((await link('snapshot', '--json')).status).toBe(0)
  const retired = await rotation('retire')
  expect([retired.status, JSON.parse(retired.stdout)]).toEqual([0, { retired: [1] }])
  const redis = testRedis(pipeline.env)
  expect(await redis.keys(`{lx:${namespace}main}*`)).toEqual([])
  redis.disconnect()
  expect(readdirSync(secrets).filter((name) => name.startsWith('linkage-index'))).toEqual(['linkage-index-2.key'])
  expect(existsSync(taken.path)).toBe(false)
  expect((await rotation('retire')).stdout).toContain('"retired": []')
  const next = await rotation('prepare')
  expect(JSON.parse(next.stdout)).toEqual({ version: 3 })
  expect(JSON.parse((await rotation('abandon')).stdout)).toEqual({ version: 3 })
  expect(readdirSync(`${folder}/secrets/linkage`)).toContain('encoding-wrap-2.key')
  expect(readdirSync(`${folder}/secrets/linkage`)).not.toContain('encoding-wrap-3.key')
  expect(await linker.health()).toEqual({ status: 'ok' })
})

test('another key of first-level pseudonyms: the logs are written anew, whatever is killed, and the key of before finds nothing', async (context) => {
  onlyLong(context)
  const { folder, namespace } = pipeline.place
  const rotation = (command: string) => runToEnd('services/provision/rotate/main.ts', [command, '--json'], pipeline.env)
  const logs = [...topics.pseudonymised, ...topics.linked, `${namespace}link.decisions`]
  // Who has the former key, and the numbers of the patients.
  const leaked = pseudonymiser(1, loadOrCreateSecret(`${folder}/secrets/deidentify`, 'pseudonym-level1.key'))
  const dictionary = ['a', 'b'].flatMap((producer) =>
    people.flatMap((_, n) => [
      leaked.pseudonym('patient', `chu-${producer}\0ipp-${producer}-${n}`),
      leaked.pseudonym('record', `chu-${producer}\0patient\0${producer}-${n}`),
    ]),
  )
  const all = async () =>
    (await withAdmin(testKafka(pipeline.env), (admin) => admin.listTopics())).filter((topic) =>
      topic.startsWith(namespace),
    )
  const inKafka = async () =>
    (await readTopics(pipeline.env, await all())).flatMap(({ key, value }) =>
      [key, value].map((bytes) => bytes?.toString('latin1') ?? ''),
    )
  const found = (texts: readonly string[]) =>
    dictionary.filter((one) => texts.some((text) => text.includes(one))).length
  expect(found(await inKafka())).toBe(dictionary.length)
  // Who has the key of tokens, too, and keys that open them, and tries the people of the place.
  const tokenFolder = `${folder}/secrets/curate`
  const seedOf = (file: string) => loadOrCreateSecret(tokenFolder, file)
  const tokenSeeds = [seedOf('linkage-tokens.key'), seedOf('linkage-tokens-2.key')] as const
  const tokenise = tokeniser(patientFeed, loadOrCreateSecret(`${folder}/secrets/deidentify`, 'linkage-level1.key'))
  const tokensOfPeople = people.flatMap((person) =>
    tokenise({ ...person, birth_date: Date.parse(String(person.birth_date)) / 86_400_000 }, 'chu-a'),
  )
  const patientTopic = `${namespace}pseudonymised.patient`
  const logged = avroRegistry(readConfig('test', [...REGISTRY_KEYS], pipeline.env)).decoder([
    pseudonymisedSchema(patientFeed),
    MARKER_SCHEMA,
  ])
  /** @returns how many of these tokens the seeds and the keys of the wrap find in the kept log */
  const foundTokens = async (seeds: readonly Buffer[], wraps: ReadonlyMap<number, Buffer> = new Map()) => {
    const opener = await tokenOpener(seeds, { wrap: tokenWrap(wraps.size > 0 ? 2 : 1, wraps) })
    const { unwrap } = pseudonymWrap(wraps.size > 0 ? 2 : 1, wraps)
    const opened = new Set<string>()
    for (const { value } of await readTopics(pipeline.env, [patientTopic])) {
      await logged.prepare([value])
      const record = logged.decode(value)?.record
      const ids = [String(record?.record_id), ...dictionary]
      if (wraps.size > 0) ids.push(unwrap(String(record?.record_id)) ?? '')
      const opens = await opener.prepare([record?._sealed_tokens]).then(
        () => true,
        () => false,
      )
      for (const recordId of opens ? ids : [])
        for (const token of opener.open(record?._sealed_tokens, { feed: 'patient', recordId }) ?? []) opened.add(token)
    }
    return tokensOfPeople.filter((token) => opened.has(token)).length
  }
  expect(tokensOfPeople.length).toBeGreaterThan(people.length)
  expect(await foundTokens([tokenSeeds[0]])).toBe(tokensOfPeople.length)
  const retireTokens = () =>
    runToEnd('services/curate/rotate-tokens/main.ts', ['retire', '--json'], {
      ...withLogin('curate', pipeline.env),
      CHAINON_SECRETS_DIR: tokenFolder,
    })
  const early = await retireTokens()
  expect([early.status, early.stderr]).toEqual([
    75,
    expect.stringMatching(/[1-9]\d* messages of \S+pseudonymised\.patient for curate\/linkage-tokens\.key/),
  ])
  const stored = async () => [
    ...(await pipeline.rows('SELECT record_id, patient_id FROM feed_patient FINAL ORDER BY record_id')),
    ...(await pipeline.rows(
      'SELECT record_id, person_id, link_version FROM person_link_scored FINAL ORDER BY record_id',
    )),
  ]
  const [known, before] = [await persons(), await stored()]

  expect((await rotation('rotate')).status).toBe(78)
  expect((await rotation('prepare')).status).toBe(0)
  const file = 'pseudonym-wrap-2.key'
  // Without the keys that open tokens nothing begins.
  const lacking = { ...pipeline.env, CHAINON_TOKEN_SECRETS_DIR: join(folder, 'nowhere') }
  const without = await runToEnd('services/provision/rotate/main.ts', ['rotate'], lacking)
  expect([without.status, without.stderr]).toEqual([
    78,
    expect.stringContaining('curate/linkage-tokens-2.key is not in'),
  ])
  const surveyed = JSON.parse((await rotation('survey')).stdout) as Record<string, unknown>
  expect(surveyed).toMatchObject({ inForce: 1, rewriting: false, missing: [] })
  expect(surveyed.tokens).toEqual(
    ['curate/linkage-tokens-2.key', 'curate/linkage-tokens.key'].map((key) => ({
      key,
      wrap: 1,
      messages: expect.any(Number),
    })),
  )
  const ends = [pipeline.services.deidentify, linker, pipeline.services.curate].map(({ child }) => once(child, 'exit'))
  /** Kills it as soon as a log has come so far. */
  const killedWhen = async (reached: () => Promise<boolean>) => {
    const { child, log } = spawnedRotation(pipeline.env)
    while (!(await reached())) {
      if (child.exitCode !== null) throw new Error(`it ended before it was killed: ${log()}`)
      await sleep(5)
    }
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const lows = async () => {
    const found = await withAdmin(testKafka(pipeline.env), (admin) =>
      Promise.all(logs.map((topic) => admin.fetchTopicOffsets(topic))),
    )
    return found.flat()
  }
  const written = (await lows()).reduce((sum, { high }) => sum + Number(high), 0)
  const total = async () => (await lows()).reduce((sum, { high }) => sum + Number(high), 0)
  await killedWhen(async () => (await total()) > written)
  // deidentify and the linker have ended by themselves, and curate, which lacks the key.
  expect((await Promise.all(ends)).map(([status]) => status as number)).toEqual([75, 75, 75])
  const refused = await failingService('curate', pipeline.env)
  expect([refused.status, refused.log]).toEqual([78, expect.stringContaining(`linkage/${file} is missing`)])
  cpSync(join(folder, 'secrets/linkage', file), join(folder, 'secrets/curate', file))
  pipeline.services.curate = await pipeline.start('curate')
  expect((await rotation('abandon')).stderr).toContain('start the rotation again')
  // They wait, and what is sent meanwhile is accepted.
  pipeline.services.deidentify = await pipeline.launch('deidentify')
  linker = await pipeline.launch('linker')
  await push('b', [recordAt('b', 3, { record_version: 30, birth_family_name: 'Guittard' })])
  await killedWhen(async () => (await lows()).some(({ low }) => low !== '0'))
  expect(await stored()).toEqual(before)
  const { status, stdout, stderr } = await rotation('rotate')
  expect([status, stderr]).toEqual([0, expect.any(String)])
  expect(JSON.parse(stdout)).toMatchObject({ version: 2 })
  const wraps = new Map([[2, loadOrCreateSecret(join(folder, 'secrets/linkage'), file)]])
  expect(await foundTokens(tokenSeeds)).toBe(0)
  expect(await foundTokens([tokenSeeds[0]], wraps)).toBe(0)
  expect(await foundTokens(tokenSeeds, wraps)).toBe(tokensOfPeople.length)

  await push('a', [
    recordAt('a', 4, { record_version: 30, operation: 'cancel' }),
    recordAt('a', 5, { record_version: 30 }),
  ])
  await settled()
  expect(await persons()).toEqual(known.map((person) => (person === 'a4 b4' ? 'b4' : person)).toSorted())
  const after = await stored()
  const names = (rows: readonly unknown[]) => new Set((rows as { record_id: string }[]).map((row) => row.record_id))
  expect([...names(after)].filter((name) => !names(before).has(name))).toEqual([])
  const redis = testRedis(pipeline.env)
  const dumps = await Promise.all((await redis.keys(`${namespace}*`)).map((key) => redis.dumpBuffer(key)))
  redis.disconnect()
  const inTables = [after, await pipeline.rows('SELECT * FROM person_link_scored')]
  expect(found(dumps.map((dump) => dump?.toString('latin1') ?? ''))).toBe(0)
  expect(found([JSON.stringify(inTables)])).toBe(0)
  expect(found(await inKafka())).toBe(0)
  // Nothing needs the former key of tokens any more: it is destroyed, and curate starts, and links are made again, without it.
  const retired = await retireTokens()
  expect([retired.status, retired.stderr]).toEqual([0, expect.any(String)])
  expect(JSON.parse(retired.stdout)).toEqual({
    in_force: 2,
    retired: [1],
    destroyed: ['curate/linkage-tokens.key'],
  })
  expect(existsSync(join(tokenFolder, 'linkage-tokens.key'))).toBe(false)
  expect(await pipeline.services.curate.stop()).toBe(0)
  pipeline.services.curate = await pipeline.start('curate')
  // From its first record on, although it begins at another offset.
  const secrets = { ...pipeline.env, CHAINON_SECRETS_DIR: join(folder, 'secrets/curate') }
  const rebuilt = await runToEnd('services/cli/chainon.mjs', ['link', 'rebuild', '--dry-run', '--json'], secrets)
  expect([rebuilt.status, rebuilt.stderr]).toEqual([0, expect.any(String)])
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({ patients: expect.any(Number) })
  const survey = await rotation('survey')
  const { inForce, rewriting, messages, tokens } = JSON.parse(survey.stdout) as Record<string, unknown>
  expect({ inForce, rewriting, versions: Object.keys(messages as object), tokens }).toEqual({
    inForce: 2,
    rewriting: false,
    versions: ['2'],
    tokens: [{ key: 'curate/linkage-tokens-2.key', wrap: 2, messages: expect.any(Number) }],
  })
})
