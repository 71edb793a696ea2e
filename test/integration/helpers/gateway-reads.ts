/** Reads what the gateway wrote, and sends what a client would send. */
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { avroRegistry } from '#core/avro/registry.ts'
import { readConfig } from '#core/config/read.ts'
import { identifiedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { readTopics } from '../../helpers/kafka.ts'
import { openSealed } from '../../helpers/sealed.ts'

const contracts = loadContracts(fileURLToPath(new URL('../../../schemas/feeds', import.meta.url)))

/** Every record of a feed's identified topic, decoded, with its message key and partition. */
export async function storedRecords(env: Readonly<Record<string, string>>, namespace: string, feed: string) {
  const messages = await readTopics(env, [`${namespace}identified.${feed}`])
  if (messages.length === 0) return []
  const registry = avroRegistry(readConfig('test', REGISTRY_KEYS, env))
  const decoder = registry.decoder(contracts.map(identifiedSchema))
  const opened = await openSealed(env, messages)
  await decoder.prepare(opened)
  return messages.map(({ key, partition }, i) => ({
    key: key?.toString() ?? '',
    partition,
    record: decoder.decode(opened[i] ?? null)?.record,
  }))
}

/** @returns an Avro object container file, written by avsc's own encoder */
export async function avroContainer(schema: unknown, records: readonly Record<string, unknown>[]): Promise<Uint8Array> {
  const encoder = new avsc.streams.BlockEncoder(schema as avsc.Schema)
  for (const record of records) encoder.write(record)
  encoder.end()
  const chunks: Buffer[] = []
  for await (const chunk of encoder as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** @returns all that is received on the socket */
export function bytesToSocket(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
