/**
 * Who may do what in Kafka: the one table, from which `provision` makes the ACLs and `deploy/RIGHTS.md` is printed. Whoever may read or write
 * may also describe. Nobody may delete records or topics, or change their settings.
 */
import { decisionsTopic } from '../contract/link-decision.ts'
import type { TopicKind } from '../contract/names.ts'
import { fingerprintTopic, routingTopic } from '../custody/kafka-register.ts'
import { journalTopic } from '../journal/send.ts'
import { sealingTopic } from '../sealing/announcements.ts'
import { KAFKA_USERS, type KafkaUser } from './users.ts'

export type KafkaOperation = 'READ' | 'WRITE' | 'DELETE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS'

export interface KafkaRight {
  readonly user: KafkaUser
  readonly resource: 'TOPIC' | 'GROUP'
  readonly name: string
  /** Of every name that begins like this one. */
  readonly prefix: boolean
  readonly operations: readonly KafkaOperation[]
}

type Row = Omit<KafkaRight, 'user'>

/**
 * @param namespace CHAINON_NAMESPACE
 * @returns the rights of every user, in the order of the users
 */
export function kafkaRights(namespace: string): readonly KafkaRight[] {
  const topic = (name: string, ...operations: readonly KafkaOperation[]): Row => ({
    resource: 'TOPIC',
    name,
    prefix: false,
    operations,
  })
  const zone = (name: TopicKind, ...operations: readonly KafkaOperation[]): Row => ({
    resource: 'TOPIC',
    name: `${namespace}${name}.`,
    prefix: true,
    operations,
  })
  const group = (worker: 'deidentify' | 'linker' | 'curate', operation: 'READ' | 'DESCRIBE'): Row => ({
    resource: 'GROUP',
    name: `${namespace}${worker}`,
    prefix: false,
    operations: [operation],
  })
  // kafkajs reads no partition without a group: these have a random name, and are deleted after the reading.
  const readingGroups = (purpose: string): Row => ({
    resource: 'GROUP',
    name: `${namespace}${purpose}-`,
    prefix: true,
    operations: ['READ', 'DELETE'],
  })
  const journal = topic(journalTopic(namespace), 'WRITE')
  // How old the oldest unread record is, and when Kafka deletes it.
  const backlog = [zone('identified', 'DESCRIBE', 'DESCRIBE_CONFIGS'), group('deidentify', 'DESCRIBE')]
  const ledger = [...backlog, zone('pseudonymised', 'DESCRIBE'), group('curate', 'DESCRIBE')]
  // How far the linker is.
  const links = [zone('linkage', 'DESCRIBE'), group('linker', 'DESCRIBE'), zone('linked', 'DESCRIBE')]
  const rights: Readonly<Record<KafkaUser, readonly Row[]>> = {
    gateway: [
      zone('identified', 'WRITE'),
      ...backlog,
      topic(sealingTopic(namespace), 'READ'),
      readingGroups('sealing'),
      // The fingerprint of the routing key, which is the same for all gateways.
      topic(routingTopic(namespace), 'READ', 'WRITE'),
      journal,
    ],
    deidentify: [
      zone('identified', 'READ'),
      group('deidentify', 'READ'),
      // It continues after the last message that is there.
      zone('pseudonymised', 'WRITE', 'READ'),
      // Whether something is still sealed under a former key: it has written it, and nothing else is in there.
      zone('linkage', 'WRITE', 'READ'),
      readingGroups('key-rotation'),
      topic(sealingTopic(namespace), 'WRITE'),
      topic(fingerprintTopic(namespace), 'WRITE', 'READ'),
      journal,
    ],
    linker: [
      zone('linkage', 'READ'),
      group('linker', 'READ'),
      zone('linked', 'WRITE'),
      topic(decisionsTopic(namespace), 'READ'),
      // `chainon keys rotate-encodings` registers the keys of the index and of the encodings, and which are in force.
      topic(fingerprintTopic(namespace), 'READ', 'WRITE'),
    ],
    curate: [
      zone('pseudonymised', 'READ'),
      zone('linked', 'READ'),
      group('curate', 'READ'),
      readingGroups('link-rebuild'),
      // `chainon link decide` finds the two records in linked.*.
      topic(decisionsTopic(namespace), 'WRITE'),
      readingGroups('key-rotation'),
      // Whether `deidentify` still seals for a former key, and has written all that was accepted: before that key is destroyed.
      zone('identified', 'DESCRIBE'),
      group('deidentify', 'DESCRIBE'),
      // Writes the public key for which its tokens are sealed.
      topic(fingerprintTopic(namespace), 'READ', 'WRITE'),
    ],
    console: [...ledger, ...links, topic(journalTopic(namespace), 'READ', 'WRITE'), readingGroups('journal')],
    extract: [journal],
    // A gap is looked for in the log of pseudonymised records.
    operator: [...ledger, ...links, zone('pseudonymised', 'READ'), readingGroups('gap'), journal],
    auditor: [topic(journalTopic(namespace), 'READ'), readingGroups('audit')],
  }
  return KAFKA_USERS.flatMap((user) => rights[user].map((row) => ({ user, ...row })))
}
