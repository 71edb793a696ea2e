/**
 * Data keys: one for each producer and day, made here at random, wrapped for `deidentify` alone, and forgotten with the day. After that, or
 * after a restart, the gateway cannot read back what it has sealed.
 */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import type { Encoder } from '#core/avro/registry.ts'
import { incomingName } from '#core/objects/areas.ts'
import { dayOf } from '#core/sealing/day.ts'
import {
  MOST_RECORDS_PER_KEY,
  placeOfFile,
  type SealedFile,
  type SealedPlace,
  sealBox,
  sealPieces,
} from '#core/sealing/envelope.ts'
import { DATA_KEY_BYTES, wrapDataKey } from '#core/sealing/hpke.ts'
import type { DayKeyWatch } from './day-key-watch.ts'

export interface DataKey {
  /** @param value the framed Avro record @returns the message's value */
  seal(value: Buffer, place: SealedPlace): Buffer
  /** @returns the file under a name that no other has; the pieces can be read once */
  sealFile(file: Buffer, place: SealedPlace): SealedFilePieces
}

export interface SealedFilePieces extends SealedFile {
  readonly pieces: Iterable<Buffer>
}

export interface Sealer {
  /**
   * @returns the producer's data key of today
   * @throws ChainonError dependency-unavailable when no sealing key of today is announced
   */
  dataKey(producer: string): Promise<DataKey>
}

interface Current {
  readonly day: number
  readonly key: Promise<DataKey>
  used: number
}

/** @param encoder of the envelope */
export function createSealer(keys: Pick<DayKeyWatch, 'keyOf'>, encoder: Encoder, now: () => number): Sealer {
  const current = new Map<string, Current>()

  async function create(day: number, counter: { used: number }): Promise<DataKey> {
    const { id, publicKey } = await keys.keyOf(day)
    const bytes = randomBytes(DATA_KEY_BYTES)
    const wrapped = await wrapDataKey(publicKey, bytes)
    const dataKey = createSecretKey(bytes)
    const keyId = Buffer.from(id, 'hex')
    return {
      sealFile(file, place) {
        const sealed = { name: incomingName(day, randomUUID()), n: counter.used++ }
        return { ...sealed, pieces: sealPieces(dataKey, sealed.n, file, placeOfFile(place, sealed)) }
      },
      seal(value, place) {
        const n = counter.used++
        const sealed = encoder.encode({
          key_id: keyId,
          day,
          wrapped,
          n,
          box: sealBox(dataKey, n, value, place),
          object_name: place.file?.name ?? null,
          object_n: place.file?.n ?? null,
        })
        if (!sealed) throw new Error('a sealed record does not fit its own schema')
        return sealed
      },
    }
  }

  return {
    dataKey(producer) {
      const day = dayOf(now())
      const known = current.get(producer)
      // Half of the bound: a request that has the key already may still use it for all of its records.
      if (known?.day === day && known.used < MOST_RECORDS_PER_KEY / 2) return known.key
      const counter = { used: 0 }
      const made: Current = Object.assign(counter, { day, key: create(day, counter) })
      current.set(producer, made)
      // The keys of earlier days are not needed any more.
      for (const [other, { day: theirs }] of current) if (theirs !== day) current.delete(other)
      made.key.catch(() => {
        if (current.get(producer) === made) current.delete(producer)
      })
      return made.key
    },
  }
}
