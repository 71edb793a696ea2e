/** The users of Kafka: each has the name of its program. What they may do is in `rights.ts`. */

export const KAFKA_USERS = [
  'gateway',
  'deidentify',
  'linker',
  'curate',
  'console',
  'extract',
  'operator',
  'auditor',
] as const
export type KafkaUser = (typeof KAFKA_USERS)[number]

/** They may everything: the administrator, and `provision`, which makes topics and gives the rights. */
export const KAFKA_SUPER_USERS = ['admin', 'provision'] as const
