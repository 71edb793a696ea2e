/** Makes of the traits of subjects what the linker compares, by the code that encodes the records of the stream. */
import type { FeedContract } from '#core/contract/types.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import type { Facts, SealedSubject, TicketedSubject } from '#core/linkage/external.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { packMessage } from '#core/linkage/message.ts'
import { normaliseTraits } from '#core/linkage/normalise-traits.ts'
import type { LinkageSeal } from '#core/linkage/seal.ts'
import { writtenTraits } from '../linkage/encode-identity.ts'
import type { SubjectRecord } from './read-subjects.ts'

export interface EncodedSubjects {
  readonly sealed: readonly SealedSubject[]
  readonly tickets: readonly TicketedSubject[]
  /** How many subjects have each trait, in the form in which it is compared. */
  readonly facts: Facts
}

export interface EncodingOf {
  /** Of all feeds: the form of the encodings depends on them. */
  readonly contracts: readonly FeedContract[]
  readonly contract: FeedContract
  /** Of the encodings, 32 bytes. */
  readonly secret: Buffer
  /** Secrets that lead them to the version in force (encoding-wrap.ts). */
  readonly wraps?: ReadonlyMap<number, Buffer>
  readonly seal: LinkageSeal
  /** @returns 32 hexadecimal digits, random */
  readonly ticket: () => string
}

/** Pure but for `ticket`. @returns both lists in the order of the tickets, which is not that of the file */
export function encodeSubjects(subjects: readonly SubjectRecord[], of: EncodingOf): EncodedSubjects {
  const encoder = recordEncoder(installationTraits(of.contracts), of.secret, undefined, of.wraps)
  const form = formOf(encoder)
  const traitsOf = writtenTraits(of.contract)
  const facts: Record<string, number> = { subjects: subjects.length, without_trait: 0 }
  for (const { trait } of encoder.layout.fields) facts[`trait:${trait}`] = 0
  const made = subjects.map(({ subject, record }) => {
    const traits = normaliseTraits(traitsOf(record), 'YYYY-MM-DD')
    const present = Object.keys(traits).filter((trait) => facts[`trait:${trait}`] !== undefined)
    for (const trait of present) facts[`trait:${trait}`] = (facts[`trait:${trait}`] ?? 0) + 1
    if (present.length === 0) facts.without_trait = (facts.without_trait ?? 0) + 1
    const ticket = of.ticket()
    const message = {
      producer: '',
      patient: '',
      record: ticket,
      version: 0,
      receivedAt: 0,
      encoding: encoder.version,
      encoded: encoder.encode(traits),
    }
    return { ticket, subject, sealed: of.seal.seal(packMessage(message, { form }), ticket).toString('base64') }
  })
  const ordered = made.toSorted((one, other) => (one.ticket < other.ticket ? -1 : 1))
  return {
    sealed: ordered.map(({ ticket, sealed }) => ({ ticket, sealed })),
    tickets: ordered.map(({ ticket, subject }) => ({ ticket, subject })),
    facts,
  }
}
