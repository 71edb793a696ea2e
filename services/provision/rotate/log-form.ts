/** Where the first-level pseudonyms and the sealed tokens stand in the messages of a kept log, and how a message is known that comes a second time. */
import { createHash } from 'node:crypto'
import type { IHeaders, KafkaMessage } from 'kafkajs'
import type { AvroRegistry, Rewriter } from '#core/avro/registry.ts'
import { fullName, pseudonymFields, pseudonymisedSchema, survivingFields } from '#core/contract/avro-schemas.ts'
import { type LinkDecision, readDecision, withPseudonym } from '#core/contract/link-decision.ts'
import { markerSubject, subjectOf } from '#core/contract/names.ts'
import { PERSON_LINK_SCHEMA, personLinkSubject } from '#core/contract/person-link.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { wrapVersionOf } from '#core/crypto/pseudonym-wrap.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { HEADER_REWRITTEN, originOf } from '#core/kafka/headers.ts'
import type { TokenPlace } from '#core/sealing/tokens.ts'

type Message = Pick<KafkaMessage, 'key' | 'value' | 'headers'>
/** What takes the place of the parts of a message. */
export interface Change {
  /** @param stored a first-level pseudonym, wrapped or not */
  readonly pseudonym: (stored: string) => string
  /** @param place where they are sealed: with the id of the record as it is stored, wrapped or not */
  readonly tokens: (sealed: Buffer, place: TokenPlace) => Buffer
}

export interface Content {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface LogForm {
  readonly topic: string
  /** The consumer group that must have read what is deleted; undefined where it reads all of it at each start. */
  readonly readBy: 'curate' | undefined
  /** Fetches what `mapped` needs. */
  prepare(messages: readonly Message[]): Promise<void>
  /** @returns the sealed tokens of messages, for `TokenChange.prepare` */
  sealed(messages: readonly Message[]): readonly Buffer[]
  /** @returns key and value with other pseudonyms and tokens; as they are where the message has none, or cannot be read */
  mapped(message: Message, change: Change): Content
  /** @returns a function that says of each message, in their order, whether an earlier one was the same */
  repeats(): (message: Message) => boolean
}

const utf8 = (text: string) => Buffer.from(text, 'utf8')
/** Only what has the form of a pseudonym is one: a stranger's message may have anything there. */
const changed = (text: string, { pseudonym }: Pick<Change, 'pseudonym'>) =>
  wrapVersionOf(text) === undefined ? text : pseudonym(text)
const SEALED = '_sealed_tokens'

/** @throws ChainonError key-rotation-refused from `mapped` when a field that no contract names has pseudonyms, or a feed that is not linked has tokens */
export function pseudonymisedForm(
  registry: Pick<AvroRegistry, 'rewriter'>,
  namespace: string,
  contract: FeedContract,
  topic: string,
): LogForm {
  const columns = new Set(pseudonymFields(contract).map(({ column }) => column))
  const named = new Set(survivingFields(contract).map(({ as }) => as))
  const rewriter = registry.rewriter(
    [fullName(pseudonymisedSchema(contract))],
    [subjectOf(topic), markerSubject(namespace)],
  )
  return {
    topic,
    readBy: 'curate',
    prepare: (messages) => rewriter.prepare(messages.map(({ value }) => value)),
    sealed: (messages) =>
      contract.linked
        ? messages.flatMap(({ value }) => {
            const sealed = rewriter.read(value)?.record[SEALED]
            return Buffer.isBuffer(sealed) ? [sealed] : []
          })
        : [],
    mapped({ key, value }, change) {
      const written = rewriter.rewrite(value, ({ record }) => {
        const sealed = record[SEALED]
        if (Buffer.isBuffer(sealed)) {
          if (!contract.linked)
            throw new ChainonError(
              'key-rotation-refused',
              `${topic} has linkage tokens, and its contract is not linked: restore the contract that made them`,
            )
          record[SEALED] = change.tokens(sealed, { feed: contract.feed, recordId: String(record.record_id) })
        }
        for (const [name, text] of Object.entries(record)) {
          if (typeof text !== 'string') continue
          if (columns.has(name)) record[name] = changed(text, change)
          else if (!named.has(name) && !name.startsWith('_') && wrapVersionOf(text) !== undefined)
            throw new ChainonError(
              'key-rotation-refused',
              `${topic} has pseudonyms in ${name}, and no contract names it as a pseudonym: restore the contract that made it`,
            )
        }
      })
      return { key, value: written ?? value }
    },
    repeats() {
      const last = new Map<string, bigint>()
      return ({ headers }) => {
        const origin = originOf(headers)
        if (!origin) return false
        if (origin.offset <= (last.get(origin.incarnation) ?? -1n)) return true
        last.set(origin.incarnation, origin.offset)
        return false
      }
    },
  }
}

const LINK_PSEUDONYMS = ['patient', 'record', 'person', 'previous'] as const

/** A link that comes twice is one: the highest version of a record counts. */
export function linkedForm(registry: Pick<AvroRegistry, 'rewriter'>, namespace: string, topic: string): LogForm {
  const rewriter: Rewriter = registry.rewriter([fullName(PERSON_LINK_SCHEMA)], [personLinkSubject(namespace)])
  return {
    topic,
    readBy: 'curate',
    prepare: (messages) => rewriter.prepare(messages.map(({ value }) => value)),
    sealed: () => [],
    mapped({ key, value }, change) {
      const written = rewriter.rewrite(value, ({ record }) => {
        for (const name of LINK_PSEUDONYMS) {
          const text = record[name]
          if (typeof text === 'string') record[name] = changed(text, change)
        }
      })
      return { key: key && utf8(changed(String(key), change)), value: written ?? value }
    },
    repeats: () => () => false,
  }
}

/** The later decision of two records counts, so their order is kept. */
export function decisionsForm(topic: string): LogForm {
  const written = (decision: LinkDecision, change: Change) => ({
    ...decision,
    records: decision.records.map((record) => withPseudonym(record, change.pseudonym)),
  })
  return {
    topic,
    readBy: undefined,
    prepare: async () => undefined,
    sealed: () => [],
    mapped({ key, value }, change) {
      const decision = readDecision(value)
      return { key, value: decision ? utf8(JSON.stringify(written(decision, change))) : value }
    },
    repeats() {
      const known = new Set<string>()
      return ({ value }) => {
        const id = readDecision(value)?.id
        if (id === undefined) return false
        if (known.has(id)) return true
        known.add(id)
        return false
      }
    },
  }
}

/** Adds a message to a sum of messages, so that only equal ones in the same order have the same sum. */
export function messageSum(): { add(content: Content, headers: IHeaders | undefined): void; sum(): string } {
  const hash = createHash('sha256')
  const part = (bytes: Buffer | null) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes?.length ?? -1)
    hash.update(length)
    if (bytes) hash.update(bytes)
  }
  return {
    add({ key, value }, headers = {}) {
      part(key)
      part(value)
      const names = Object.keys(headers).filter((name) => name !== HEADER_REWRITTEN)
      for (const name of names.toSorted()) {
        part(utf8(name))
        for (const one of [headers[name] ?? null].flat()) part(typeof one === 'string' ? utf8(one) : one)
      }
      part(null)
    },
    sum: () => hash.digest('hex'),
  }
}
