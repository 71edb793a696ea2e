/** The links that a replay of the pseudonymised log gives: decoded here, decided by the model, without the index. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { avroRegistry } from '#core/avro/registry.ts'
import { readConfig } from '#core/config/read.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { topicOf } from '#core/contract/names.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { originOf } from '#core/kafka/headers.ts'
import { tokenOpener } from '#core/sealing/tokens.ts'
import { type Contribution, DEFAULT_LIMITS } from '../../services/curate/link/linker.ts'
import { secondLevelTokens } from '../../services/curate/link/tokens.ts'
import { readTopics } from './kafka.ts'
import { modelLinks } from './link-model.ts'
import type { Pipeline } from './services.ts'

type Links = Readonly<Record<string, string>>

/** @returns `<person> <method>` of every patient, from every record of the feed `patient` in the log, under a version of the key */
export async function replayedLinks(line: Pipeline, version = 1): Promise<Links> {
  const { env, place } = line
  const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient')
  if (!contract) throw new Error('there is no feed patient')
  const folder = join(env.CHAINON_SECRETS_DIR ?? '', 'curate')
  const secretOf = (file: string) => Buffer.from(readFileSync(join(folder, file), 'utf8').trim(), 'hex')
  const secret = secretOf(version === 1 ? 'pseudonym-level2.key' : `pseudonym-level2-${version}.key`)
  const level2 = pseudonymiser(2, secret, version)
  const secondLevel = secondLevelTokens(secret, version)
  const decoder = avroRegistry(readConfig('test', [...REGISTRY_KEYS], env)).decoder([
    pseudonymisedSchema(contract),
    MARKER_SCHEMA,
  ])
  const messages = await readTopics(env, [topicOf(place.namespace, 'pseudonymised', 'patient')])
  await decoder.prepare(messages.map(({ value }) => value))
  const tokens = await tokenOpener([secretOf('linkage-tokens.key')])
  await tokens.prepare(messages.map(({ value }) => decoder.decode(value)?.record._sealed_tokens))
  const contributions = messages.map(({ value, headers }): Contribution => {
    const { record } = decoder.decode(value) ?? {}
    if (!record) throw new Error('a message cannot be decoded')
    const { offset = -1n } = originOf(headers) ?? {}
    return {
      patientId: level2.pseudonym('patient', String(record.patient_id)),
      producer: String(record._producer),
      recordId: level2.pseudonym('record', String(record.record_id)),
      version: Number(record.record_version),
      origin: offset,
      cancelled: record.operation === 'cancel',
      receivedAt: Number(record._received_at),
      tokens: (tokens.open(record._sealed_tokens, { feed: 'patient', recordId: String(record.record_id) }) ?? [])
        .map(secondLevel)
        .filter((token) => token !== undefined),
    }
  })
  const links = modelLinks(contributions, DEFAULT_LIMITS.hub)
  return Object.fromEntries([...links].map(([patient, { person, method }]) => [patient, `${person} ${method}`]))
}

/** @returns `<person> <method>` of every patient, from the view that readers query */
export async function currentLinks(line: Pipeline): Promise<Links> {
  const rows = await line.rows<{ patient_id: string; link: string }>(
    "SELECT patient_id, concat(person_id, ' ', method) AS link FROM person_link_current",
  )
  return Object.fromEntries(rows.map(({ patient_id: patient, link }) => [patient, link]))
}
