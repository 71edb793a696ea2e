/** Opens sealed messages. What cannot be opened for ever is a fault of the record; a key that is not here stops the partition. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import type { KafkaMessage } from 'kafkajs'
import type { Decoder } from '#core/avro/registry.ts'
import { ChainonError } from '#core/faults/errors.ts'
import type { ObjectName } from '#core/objects/store.ts'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import { textOfDay } from '#core/sealing/day.ts'
import type { DayKeys } from '#core/sealing/day-keys.ts'
import { fileOf, nameOfFile, openBox, placeOfFile, type SealedRecord } from '#core/sealing/envelope.ts'
import { unwrapDataKey } from '#core/sealing/hpke.ts'

export type SealFault = 'undecodable' | 'key-shredded' | 'seal-broken'

/** The sealed file of a record in the object store. */
export interface IncomingFile {
  readonly name: ObjectName
  /** Of the de-identified file: see `nameOfFile`. */
  readonly id: string
  /** @returns undefined when what the store has was changed, or is the file of another record */
  readonly open: (sealed: Buffer) => Buffer | undefined
}

export type Opened =
  | { readonly ok: true; readonly value: Buffer; readonly file?: IncomingFile }
  | { readonly ok: false; readonly fault: SealFault }

export interface Opener {
  /**
   * @returns one result for each message, in order
   * @throws ChainonError sealing-key-unknown when a record was sealed for a key that was never here
   */
  open(topic: string, messages: readonly KafkaMessage[]): Promise<readonly Opened[]>
  /** Forgets every key that it has in memory: one of them may have been shredded. */
  forget(): void
}

/** Data keys: one for each producer, day and start of a gateway. */
const DATA_KEYS_KEPT = 10_000

/** @param decoder of the envelope, by its schema */
export function createOpener(decoder: Decoder, keys: Pick<DayKeys, 'live' | 'shredded'>): Opener {
  const dataKeys = new Map<string, KeyObject | SealFault>()
  let seeds: ReadonlyMap<string, Buffer> = new Map()

  async function dataKeyOf(record: SealedRecord): Promise<KeyObject | SealFault> {
    const name = record.wrapped.toString('latin1')
    const known = dataKeys.get(name)
    if (known !== undefined) return known
    const found = await unwrap(record)
    if (dataKeys.size >= DATA_KEYS_KEPT) dataKeys.clear()
    dataKeys.set(name, found)
    return found
  }

  async function unwrap({ key_id, day, wrapped }: SealedRecord): Promise<KeyObject | SealFault> {
    const id = key_id.toString('hex')
    if (!seeds.has(id)) seeds = new Map((await keys.live()).map((key) => [key.id, key.seed]))
    const seed = seeds.get(id)
    if (seed) {
      const dataKey = await unwrapDataKey(seed, wrapped)
      return dataKey ? createSecretKey(dataKey) : 'seal-broken'
    }
    if (keys.shredded().some((one) => one.id === id)) return 'key-shredded'
    throw new ChainonError(
      'sealing-key-unknown',
      `records of ${textOfDay(day)} are sealed for the key ${id}, which is not in the secrets of deidentify: restore them from a backup`,
    )
  }

  return {
    async open(topic, messages) {
      await decoder.prepare(messages.map(({ value }) => value))
      const opened: Opened[] = []
      for (const [index, message] of messages.entries()) {
        if (yieldDue(index)) await yieldToEventLoop()
        opened.push(await openOne(topic, message))
      }
      return opened
    },
    forget() {
      dataKeys.clear()
      seeds = new Map()
    },
  }

  async function openOne(topic: string, message: KafkaMessage): Promise<Opened> {
    const decoded = decoder.decode(message.value)
    if (!decoded) return { ok: false, fault: 'undecodable' }
    const record = decoded.record as unknown as SealedRecord
    const dataKey = await dataKeyOf(record)
    if (typeof dataKey === 'string') return { ok: false, fault: dataKey }
    const place = { topic, key: message.key?.toString() ?? '' }
    const file = fileOf(record)
    const value = openBox(dataKey, record, { ...place, ...(file && { file }) })
    if (!value) return { ok: false, fault: 'seal-broken' }
    if (!file) return { ok: true, value }
    const open = (box: Buffer) => openBox(dataKey, { n: file.n, box }, placeOfFile(place, file))
    return { ok: true, value, file: { name: file.name, id: nameOfFile(dataKey, file), open } }
  }
}
