/** The way of a file from the gateway's route to the object store and the row: real steps, and a folder; Kafka and registry are in memory. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaMessage } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { type Pseudonymiser, pseudonymiser } from '#core/crypto/pseudonym.ts'
import { objectStore } from '#core/objects/open.ts'
import type { ObjectStore } from '#core/objects/store.ts'
import { SEALED_SCHEMA } from '#core/sealing/envelope.ts'
import { fileKeeper } from '../../../../services/deidentify/objects/file-keeper.ts'
import { deidentifyPipeline } from '../../../../services/deidentify/pipeline.ts'
import { createOpener } from '../../../../services/deidentify/unseal/opener.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'
import { testDayKey } from '../../../helpers/sealed.ts'
import { sealTokens } from '../../../helpers/sealed-tokens.ts'
import { contractOf, harness } from '../../gateway/harness.ts'

export const IMAGING = contractOf('imaging')
export const TOPIC = 'u.identified.imaging'
export const LEVEL1 = pseudonymiser(1, Buffer.alloc(32, 1))
/** Another installation's, or that of before. */
export const OTHER_LEVEL1 = pseudonymiser(1, Buffer.alloc(32, 9))
const DAY = await testDayKey(0)
const sealed = decoderOf(SEALED_SCHEMA)
export const opener = createOpener(sealed, {
  live: async () => [{ ...DAY, seed: Buffer.alloc(32, 5) }],
  shredded: () => [],
})

export interface Options {
  readonly contract?: FeedContract
  readonly allowed?: readonly string[]
  readonly level1?: Pseudonymiser
}

/** A gateway with an empty store, as a folder. */
export async function chain() {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-files-'))
  const store = (await objectStore({ CHAINON_OBJECT_DIR: folder })) as ObjectStore
  const gateway = await harness({}, undefined, {}, store)
  onTestFinished(async () => {
    await gateway.close()
    rmSync(folder, { recursive: true, force: true })
  })
  /** @returns the message of the last record that the gateway accepted, as Kafka has it */
  const last = (): KafkaMessage => {
    const { message } = gateway.written.at(-1) ?? {}
    if (!message) throw new Error('nothing was accepted')
    const key = Buffer.from(message.key)
    return { key, value: message.value, offset: '0', timestamp: '0', attributes: 0, headers: {} } as KafkaMessage
  }
  return {
    gateway,
    store,
    folder,
    last,
    /** Names of all files of the store, without drafts and what says which file a record has. */
    names: () => namesIn(folder).filter((name) => !name.startsWith('records/')),
    /** What says it. */
    records: () => namesIn(folder).filter((name) => name.startsWith('records/')),
    /** All bytes of the store. */
    bytes: () => Buffer.concat(namesIn(folder).map((name) => readFileSync(join(folder, name)))),
    read: (name: string) => readFileSync(join(folder, name)),
    send: (file: Buffer) => gateway.post('dicom', 'application/dicom', file),
    sendJson: (record: unknown) => gateway.post('imaging', 'application/json', JSON.stringify(record)),
    /** @returns the record of the pseudonymised log, or the fault */
    deidentify: (message: KafkaMessage, options: Options = {}) => deidentify(store, message, options),
  }
}

/** @param store undefined: none is configured */
export async function deidentify(
  store: ObjectStore | undefined,
  message: KafkaMessage,
  { contract = IMAGING, allowed = [], level1 = LEVEL1 }: Options = {},
) {
  const pipeline = deidentifyPipeline({
    contract,
    decoder: decoderOf(identifiedSchema(contract)),
    encoder: encoderOf(pseudonymisedSchema(contract)),
    pseudonymiser: level1,
    tokenSecret: Buffer.alloc(32, 2),
    sealTokens,
    ...(store && { files: fileKeeper({ store, contract, pseudonymiser: level1, allowed }) }),
    textResources: () => ({}) as never,
  })
  const [opened] = await opener.open(TOPIC, [message])
  if (!opened) throw new Error('nothing was opened')
  const [result] = await pipeline.runBatch([{ message, opened }])
  if (result?.kind !== 'pass') throw new Error(result?.fault)
  const decoded = decoderOf(pseudonymisedSchema(contract)).decode(result.value.body.value)
  if (!decoded) throw new Error('the record cannot be read')
  return decoded.record
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('drafts') && statSync(join(folder, name)).isFile())
    .toSorted((a, b) => (a < b ? -1 : 1))
}
