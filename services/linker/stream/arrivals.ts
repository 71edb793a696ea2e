/** What the index is told of a message, and what `linked.<feed>` is told of a change. Pure. */
import type { ChangeReason, LinkMethod, PersonLink } from '#core/contract/person-link.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { type EncodingWraps, FIRST_ENCODING } from '#core/linkage/encoding-wrap.ts'
import type { LinkageMessage } from '#core/linkage/message.ts'
import { CERTAIN, STATED } from '../link/component.ts'
import { DECIDED } from '../link/decisions.ts'
import type { Arrival, Change } from '../link/index-linker.ts'

const TOKEN_WORDS = 2
const PSEUDONYM_PREFIX = 'p1_'.length
/** Enough base64url characters for the 8 bytes of a token. */
const TOKEN_CHARACTERS = 11

/**
 * @param wraps lead to the version of encodings that the index has
 * @returns a cancelled record without an encoding
 */
export function arrivalOf(
  feed: string,
  message: LinkageMessage,
  wraps: Pick<EncodingWraps, 'lift' | 'liftTokens'> = FIRST_ENCODING,
): Omit<Arrival, 'encoded'> & Partial<Pick<Arrival, 'encoded'>> {
  const { producer, record, patient, version, receivedAt, encoding = 1, pair } = message
  const encoded = message.encoded && wraps.lift(message.encoded, encoding)
  const arrival = { id: `${feed}/${record}`, label: patient, version, stamp: receivedAt, source: 0, producer }
  if (!encoded) return arrival
  // The records of one patient find each other, also where they have no trait in common; and so do the two of a pair.
  const named = pair === undefined ? [patient] : [patient, pair]
  const tokens = new Int32Array(encoded.tokens.length + TOKEN_WORDS * named.length)
  tokens.set(encoded.tokens)
  for (const [at, name] of named.entries())
    tokens.set(wraps.liftTokens(tokenOf(name), 1), encoded.tokens.length + TOKEN_WORDS * at)
  return { ...arrival, encoded: { ...encoded, tokens }, ...(pair !== undefined && { pair }) }
}

/** A pseudonym is a keyed hash already; the index hashes it again under its own key. */
function tokenOf(patient: string): Int32Array {
  const bytes = Buffer.alloc(8)
  Buffer.from(patient.slice(PSEUDONYM_PREFIX, PSEUDONYM_PREFIX + TOKEN_CHARACTERS), 'base64url').copy(bytes)
  return Int32Array.of(bytes.readInt32LE(0), bytes.readInt32LE(4))
}

/** @returns the feed of the record, and the message */
export function linkOf(
  change: Change,
  model: string,
  reason: ChangeReason,
): { readonly feed: string; readonly link: PersonLink } {
  const [feed, record] = partsOf(change.id)
  const { weight, person } = change
  const scored = weight !== undefined && weight < CERTAIN
  return {
    feed,
    link: {
      patient: change.label ?? '',
      record,
      person: person === undefined ? null : partsOf(person)[1],
      method: methodOf(change),
      weight: scored ? weight : null,
      probability: scored ? 1 / (1 + 2 ** -weight) : null,
      model,
      previous: change.previous === undefined ? null : partsOf(change.previous)[1],
      change: change.change,
      reason,
      link_version: change.linkVersion,
      linked_at: change.stamp,
    },
  }
}

/** @returns the message under the version of the key in force; the index has pseudonyms as they were made */
export function wrapped(link: PersonLink, { wrap }: Pick<PseudonymWrap, 'wrap'>): PersonLink {
  const ofPerson = (person: string | null) => (person === null ? null : wrap(person))
  const [patient, record] = [wrap(link.patient), wrap(link.record)]
  return { ...link, patient, record, person: ofPerson(link.person), previous: ofPerson(link.previous) }
}

function methodOf({ person, weight = CERTAIN }: Change): LinkMethod {
  if (person === undefined) return 'cancelled'
  if (weight >= DECIDED) return 'decision'
  if (weight >= STATED) return 'same-patient'
  return weight < CERTAIN ? 'scored' : 'establishment-ipp'
}

function partsOf(id: string): readonly [feed: string, record: string] {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}
