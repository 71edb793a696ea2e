/**
 * `npm run deid:cost`: microseconds for each privacy action, and records per second of one core, through the pipeline of this service. A contract with
 * the action and one that drops the same fields alternate in one process, so that a busy machine slows both equally. Left out: opening the
 * seal, the linker's encoding, and Kafka (`npm run loadtest` has these). An open circuit of hashed identifiers is compared with none. Writes loadtest/results/<date>-deid-cost.txt.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import avsc from 'avsc'
import type { Decoder, Encoder } from '#core/avro/registry.ts'
import { type AvroRecordSchema, fullName, identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { CLEAR } from '#core/crypto/secret-box.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { tokenSealer } from '#core/sealing/tokens.ts'
import { hashedCircuits } from '../external/hashed/circuits.ts'
import { type CircuitWatch, circuitWatch } from '../external/hashed/watch.ts'
import { deidentifyPipeline } from '../pipeline.ts'
import { loadResources } from '../text/resources.ts'
import { FIELDS, variants } from './variants.ts'

const ROUNDS = 41
const BATCH = 200
const ROOT = join(import.meta.dirname, '../../..')
const FEEDS = join(ROOT, 'schemas/feeds')
const AT = Date.UTC(2024, 4, 6, 7, 8, 9)
const DAY = 19_849
/** Of every record, where its feed has the field. */
const VALUES: Readonly<Record<string, unknown>> = {
  ins: '279035121518989',
  birth_family_name: 'DURAND',
  birth_given_names: 'CAMILLE',
  birth_date: 3_360,
  postcode: '69003',
  code: 'E119',
  cause_code: 'I219',
  principal_diagnosis: 'I500',
  unit_rank: 1,
  unit_count: 1,
  value_number: 13.5,
  text: 'Vu en consultation avec Mme Durand Camille. Revoir dans trois mois. '.repeat(3),
}

const SUBJECTS = 100_000
const folder = mkdtempSync(join(tmpdir(), 'chainon-'))
const circuit = await openCircuit()

const sealTokens = await tokenSealer(await publicKeyOf(Buffer.alloc(32, 3)))
const pseudonyms = () => pseudonymiser(1, Buffer.alloc(32, 1))

const lines: string[] = []
for (const { action, contract, dropped, record } of variants(readFileSync(join(FEEDS, 'observation.avsc'), 'utf8'))) {
  const [with_, without] = [runner(contract, record), runner(dropped, record)]
  const rounds = await alternate(with_, without)
  const cost = median(rounds.map(([is = 0, was = 0]) => is - was)) / FIELDS
  lines.push(`${action.padEnd(44)}${cost.toFixed(2).padStart(10)}`)
}
lines.push('', `${'feed'.padEnd(44)}${'us/record'.padStart(10)}${'records/s'.padStart(12)}`)
for (const contract of loadContracts(FEEDS)) {
  const unlinked = contract.linked ? withoutTokens(contract) : contract
  const rounds = await alternate(runner(contract, {}), runner(unlinked, {}))
  const whole = median(rounds.map(([is = 0]) => is))
  lines.push(
    `${contract.feed.padEnd(44)}${whole.toFixed(1).padStart(10)}${Math.round(1e6 / whole)
      .toString()
      .padStart(12)}`,
  )
  if (unlinked !== contract) {
    const tokens = median(rounds.map(([is = 0, was = 0]) => is - was))
    lines.push(`  of it the tokens, and their seal${' '.repeat(10)}${tokens.toFixed(1).padStart(10)}`)
  }
  if (contract.fields.some(({ linkage }) => linkage === 'ins' || linkage === 'nir')) {
    const compared = await alternate(runner(contract, {}, circuit), runner(contract, {}))
    const more = median(compared.map(([is = 0, was = 0]) => is - was))
    lines.push(`  more for a circuit of ${SUBJECTS} hashes${' '.repeat(9)}${more.toFixed(1).padStart(10)}`)
  }
}
await circuit.stop()
rmSync(folder, { recursive: true })
const date = new Date().toISOString()
const processor = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`
const text = `${date}  ${processor}
npm run deid:cost

${ROUNDS} rounds of ${BATCH} records, in turn with the action and with the same fields dropped: median of the differences, microseconds of wall time per value
in one process on one core. From decoding to encoding; the pseudonyms of a patient and of stays are in the cache after the first round.

${'action'.padEnd(44)}${'us/value'.padStart(10)}
${lines.join('\n')}
`
process.stdout.write(text)
mkdirSync(join(ROOT, 'loadtest/results'), { recursive: true })
writeFileSync(join(ROOT, 'loadtest/results', `${date.slice(0, 10)}-deid-cost.txt`), text)

type Run = () => Promise<number>

async function alternate(...runs: readonly Run[]): Promise<readonly (readonly number[])[]> {
  const rounds: number[][] = []
  for (let round = 0; round < ROUNDS; round++) {
    const of: number[] = []
    for (const run of runs) of.push(await run())
    rounds.push(of)
  }
  return rounds
}

/** @returns a function that de-identifies a batch; its result is microseconds per record */
function runner(contract: FeedContract, more: Readonly<Record<string, unknown>>, circuits?: CircuitWatch): Run {
  const schema = identifiedSchema(contract)
  const pipeline = deidentifyPipeline({
    contract,
    decoder: decoderOf(schema),
    encoder: encoderOf(pseudonymisedSchema(contract)),
    pseudonymiser: pseudonyms(),
    tokenSecret: Buffer.alloc(32, 2),
    sealTokens,
    ...(circuits && { circuits }),
    textResources: loadResources,
  })
  const encoder = encoderOf(schema)
  const batch = Array.from({ length: BATCH }, (_, index) => {
    const value = encoder.encode(recordOf(contract, index, more))
    if (!value) throw new Error(`no record of ${contract.feed}`)
    return { message: { offset: String(index), timestamp: '0' }, opened: { ok: true as const, value } }
  })
  return async () => {
    const started = performance.now()
    const results = await pipeline.runBatch(batch)
    const spent = performance.now() - started
    if (results.some(({ kind }) => kind === 'fail')) throw new Error(`a record of ${contract.feed} is quarantined`)
    return (spent * 1000) / BATCH
  }
}

/** Nobody of its list comes: the number of each record is hashed and looked up. */
async function openCircuit(): Promise<CircuitWatch> {
  const circuits = hashedCircuits(folder, join(folder, 'secrets'), CLEAR)
  const subjects = Array.from({ length: SUBJECTS }, (_, n) => ({
    subject: `S-${n}`,
    hash: randomBytes(32).toString('base64url'),
  }))
  const day = { opened_at: new Date().toISOString(), closes: Date.now() + 86_400_000 }
  const form = { identifier: 'nir', characters: 15, encoding: 'hex' } as const
  circuits.hold({ id: '0'.repeat(16), project: 'cost', ...day }, { form, secret: randomBytes(32), least: 11, subjects })
  const quiet = () => undefined
  const watch = circuitWatch({
    circuits,
    destroy: quiet,
    metrics: { counter: () => quiet, gauge: () => quiet },
    alarms: { raise: quiet, clear: quiet },
    logger: { info: quiet, error: quiet } as never,
  })
  await watch.start()
  return watch
}

function recordOf(contract: FeedContract, index: number, more: Readonly<Record<string, unknown>>) {
  const record: Record<string, unknown> = { _producer: 'hospital-1', _received_at: Date.UTC(2026, 0, 31) * 1000 }
  for (const { default: given, kind, name, nullable, symbols } of contract.fields) {
    if (name in VALUES && kind !== 'enum') record[name] = VALUES[name]
    else if (given !== undefined || nullable) record[name] = given ?? null
    else if (kind === 'enum') record[name] = symbols[0]
    else if (kind === 'date') record[name] = DAY
    else if (kind === 'timestamp') record[name] = AT
    else record[name] = kind === 'string' ? `value-${index}` : 0
  }
  return { ...record, ...more }
}

/** What tokens are made of is dropped; nothing else differs. */
function withoutTokens(contract: FeedContract): FeedContract {
  const fields = contract.fields.map(({ linkage: _linkage, ...field }) =>
    field.privacy.action === 'tokenise'
      ? { ...field, privacy: { class: field.privacy.class, action: 'drop' as const } }
      : field,
  )
  return { ...contract, fields, linked: false }
}

function typeOf(schema: AvroRecordSchema): avsc.Type {
  return avsc.Type.forSchema(schema as unknown as avsc.Schema, { registry: {}, logicalTypes: {} })
}

function encoderOf(schema: AvroRecordSchema): Encoder {
  const type = typeOf(schema)
  return { schemaId: 1, encode: (record) => (type.isValid(record) ? type.toBuffer(record) : undefined) }
}

function decoderOf(schema: AvroRecordSchema): Decoder {
  const type = typeOf(schema)
  return {
    prepare: async () => undefined,
    decode: (value) =>
      value ? { name: fullName(schema), record: type.fromBuffer(value) as Record<string, unknown> } : undefined,
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
