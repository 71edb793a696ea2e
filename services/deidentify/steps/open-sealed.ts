import type { KafkaMessage } from 'kafkajs'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import type { IncomingFile, Opened, SealFault } from '../unseal/opener.ts'

/** A message of `identified.<feed>` as it was fetched, with what the opener made of it; its offset is the record's origin. */
export interface SealedMessage {
  readonly message: Pick<KafkaMessage, 'offset' | 'timestamp'>
  readonly opened: Opened
}

/** A message of `identified.<feed>` whose value is the framed Avro record. */
export interface IdentifiedMessage {
  readonly offset: string
  readonly value: Buffer
  /** In the object store. */
  readonly file?: IncomingFile | undefined
}

/** Takes what the opener found: a record that nobody can open any more is one with a fault, like any other. */
export function openSealed(): Step<SealedMessage, IdentifiedMessage, SealFault> {
  return {
    name: 'openSealed',
    run: ({ message: { offset }, opened }) =>
      opened.ok ? pass({ offset, value: opened.value, file: opened.file }) : fail(opened.fault),
  }
}
