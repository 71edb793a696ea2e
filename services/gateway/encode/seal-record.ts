import type { Step } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import { type Envelope, mintIdentified } from '#core/pipeline/zones.ts'
import type { SealedFilePieces } from '../seal/sealer.ts'
import type { EncodedRecord } from './encode-identified.ts'

/** A message of `identified.<feed>`: only `deidentify` can read its value. */
export interface SealedMessage {
  readonly key: string
  readonly value: Buffer
  /** Of the record, for its receipt; not sent. */
  readonly recordHash: number
  /** Written to the object store before the message is sent. */
  readonly file?: SealedFilePieces
}

/** Seals the encoded record, and its file, under its producer's data key, bound to the topic and the message key. Only this step makes messages. */
export function sealRecord(topic: string): Step<EncodedRecord, Envelope<'identified', SealedMessage>> {
  return {
    name: 'sealRecord',
    run: ({ key, value, dataKey, recordHash, file: bytes }) => {
      if (bytes === undefined)
        return pass(mintIdentified({ key, value: dataKey.seal(value, { topic, key }), recordHash }))
      const file = dataKey.sealFile(bytes, { topic, key })
      return pass(mintIdentified({ key, value: dataKey.seal(value, { topic, key, file }), recordHash, file }))
    },
  }
}
