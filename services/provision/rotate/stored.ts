/** Which versions of keys the kept logs have now: each message says it itself. */
import type { Admin, Kafka } from 'kafkajs'
import { wrapVersionOf } from '#core/crypto/pseudonym-wrap.ts'
import { topicExtent } from '#core/kafka/offsets.ts'
import { type LogRange, readLog } from '#core/kafka/read-log.ts'
import { type SealedUnder, sealedUnder } from '#core/sealing/tokens.ts'
import type { LogForm } from './log-form.ts'
import { type RewriteDependencies, readingGroup } from './rewrite.ts'

export interface Stored {
  /** How many messages have a pseudonym or tokens of a version of the wrap, by its number. */
  readonly versions: ReadonlyMap<number, number>
  /** How many messages have tokens, by what they are sealed under. */
  readonly tokens: readonly (SealedUnder & { readonly messages: number })[]
}

interface Range extends LogRange {
  readonly form: LogForm
}

const CHUNK = 5000

/** Reads all of it. @throws ChainonError key-rotation-refused as `LogForm.mapped` */
export async function storedUnder({
  kafka,
  admin,
  namespace,
  forms,
  onStep,
}: {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly namespace: string
  readonly forms: readonly LogForm[]
  readonly onStep: RewriteDependencies['onStep']
}): Promise<Stored> {
  const ranges: Range[] = []
  for (const form of forms)
    for (const { partition, low, high } of await topicExtent(admin, form.topic))
      ranges.push({ form, topic: form.topic, partition, next: low, end: high })
  const total = ranges.reduce((sum, { next, end }) => sum + Number(end - next), 0)
  const versions = new Map<number, number>()
  const tokens = new Map<string, SealedUnder & { messages: number }>()
  let done = 0
  await readLog(kafka, readingGroup(namespace), ranges, CHUNK, {
    async read({ form }, messages, advanced) {
      await form.prepare(messages)
      for (const message of messages) {
        const found = new Set<number>()
        form.mapped(message, {
          pseudonym(stored) {
            found.add(wrapVersionOf(stored) ?? 1)
            return stored
          },
          tokens(sealed) {
            const under = sealedUnder(sealed)
            if (!under) return sealed
            found.add(under.wrap)
            const name = `${under.keyId}:${under.wrap}`
            const of = tokens.get(name) ?? { ...under, messages: 0 }
            tokens.set(name, of)
            of.messages++
            return sealed
          },
        })
        for (const version of found) versions.set(version, (versions.get(version) ?? 0) + 1)
      }
      done += advanced
    },
    batchRead: async () => onStep('reading the log', { done, total }),
  })
  return { versions, tokens: [...tokens.values()] }
}
