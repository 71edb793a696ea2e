/**
 * Records of invented patients at two hospitals: new ones, corrections, corrections with the same version, cancels, records that move to
 * another patient, records that a rule rejects and records that a rule flags. Patients share persons, so that links change.
 */
import type { Random } from '../random.ts'
import type { SentRecord } from './journal.ts'
import { TEXT_NAMES, textOf } from './texts.ts'

export const FEEDS = ['patient', 'observation', 'encounter'] as const
export type Feed = (typeof FEEDS)[number]

/** The field of each feed that carries the nonce, and how. Times are whole seconds from this moment. */
export const NONCE_FIELD: Readonly<Record<Feed, string>> = {
  patient: 'updated_at',
  observation: 'value_number',
  encounter: 'started_at',
}
export const NONCE_EPOCH_MS = Date.UTC(2001, 0, 1)

export interface MadeRecord extends SentRecord {
  readonly feed: Feed
  readonly body: Readonly<Record<string, unknown>>
}

interface Known {
  readonly feed: Feed
  readonly recordId: string
  readonly subject: string
  version: number
  person: number
  accepted: boolean
}

export interface Generator {
  /** @returns records of one request, with distinct identifiers */
  batch(feed: Feed, producer: string, size: number): readonly MadeRecord[]
  /** @returns new, correct records, each of another patient */
  probes(feed: Feed, producer: string, size: number): readonly MadeRecord[]
  /** The gateway has accepted them: corrections with the same version may follow. */
  accepted(records: readonly MadeRecord[]): void
}

const RECENT = 400
const WORDS = 'ABCDEFGHIJ'

/** @param random decides everything but the identifiers @param first the first nonce: every run of a stack begins at another */
export function recordGenerator(random: Random, first: number): Generator {
  let nonce = first
  let person = first
  const recent: Known[] = []
  const byKey = new Map<string, Known>()
  const keyOf = (producer: string, feed: string, id: string) => `${producer}/${feed}/${id}`

  function remember(producer: string, known: Known): void {
    recent.push(known)
    byKey.set(keyOf(producer, known.feed, known.recordId), known)
    if (recent.length > RECENT * 2) recent.splice(0, RECENT)
  }

  function make(feed: Feed, producer: string, taken: Set<string>): MadeRecord {
    const n = nonce++
    const dice = random.next()
    const candidates = recent.filter(
      (one) => one.feed === feed && one.recordId.startsWith(producer) && !taken.has(one.recordId),
    )
    const old = dice < 0.4 ? candidates[random.int(0, Math.max(0, candidates.length - 1))] : undefined
    if (!old || dice < 0.05) return fresh(feed, producer, n)
    // A tie: the same version again with other content. The one that was accepted last is in force.
    const tie = old.accepted && dice < 0.12
    if (!tie) {
      old.version++
      old.accepted = false
    }
    const cancelled = !tie && dice < 0.18
    const moved = feed === 'patient' && !tie && dice > 0.36
    if (feed === 'patient' && dice > 0.3) old.person = personOf(n)
    const subject = moved ? `${old.subject}-m` : old.subject
    return record(feed, producer, n, old.recordId, old.version, subject, old.person, cancelled)
  }

  function fresh(feed: Feed, producer: string, n: number): MadeRecord {
    const known: Known = {
      feed,
      recordId: `${producer}-${n}`,
      subject:
        feed === 'patient' || random.chance(0.2) ? subjectOf(n) : subjectOf(Math.max(first, n - random.int(1, 60))),
      version: 0,
      person: personOf(n),
      accepted: false,
    }
    remember(producer, known)
    return record(feed, producer, n, known.recordId, 0, known.subject, known.person, false)
  }

  /** Four in ten are a person that another patient is too. */
  function personOf(n: number): number {
    if (random.chance(0.4)) return Math.max(first, person - random.int(0, 30))
    person = n
    return n
  }

  function record(
    feed: Feed,
    producer: string,
    n: number,
    recordId: string,
    version: number,
    subject: string,
    who: number,
    cancelled: boolean,
    rejected = random.chance(0.06),
  ): MadeRecord {
    const flagged = random.chance(0.1)
    const body = {
      record_id: recordId,
      record_version: version,
      operation: cancelled ? 'cancel' : 'upsert',
      patient_ipp: subject,
      ...contentOf(feed, n, who, rejected, flagged, subject),
    }
    return { nonce: n, producer, feed, recordId, version, cancelled, rejected, body }
  }

  return {
    batch(feed, producer, size) {
      const taken = new Set<string>()
      return Array.from({ length: size }, () => {
        const made = make(feed, producer, taken)
        taken.add(made.recordId)
        return made
      })
    },
    probes: (feed, producer, size) =>
      Array.from({ length: size }, () => {
        const n = nonce++
        return record(feed, producer, n, `${producer}-${n}`, 0, subjectOf(n), n, false, false)
      }),
    accepted(records) {
      for (const { producer, feed, recordId, version } of records) {
        const known = byKey.get(keyOf(producer, feed, recordId))
        if (known && known.version === version) known.accepted = true
      }
    },
  }
}

/** Every number of a patient begins so. */
export const SUBJECTS = 'ipp-zqcanaro'

/** The value of an observation is its nonce: as the number of its own patient it would be withheld. */
function subjectOf(n: number): string {
  return `${SUBJECTS}-9${n}`
}

function contentOf(feed: Feed, n: number, who: number, rejected: boolean, flagged: boolean, subject: string): object {
  const at = new Date(NONCE_EPOCH_MS + n * 1000).toISOString()
  switch (feed) {
    case 'patient':
      return { ...identityOf(who, rejected, flagged), updated_at: at }
    case 'observation':
      return {
        code_system: 'loinc',
        code: flagged ? '718-8' : '718-7',
        effective_at: rejected ? '1850-01-01T00:00:00Z' : '2024-05-06T07:08:09Z',
        value_number: n,
        comment: textOf(n, subject),
        ...(n % 7 === 0 ? {} : { value_unit: 'g/dL' }),
        ...(n % 3 === 0 ? { reference_low: 10, reference_high: n % 2 === 0 ? 20 : 5 } : {}),
      }
    case 'encounter':
      return {
        encounter_nda: `nda-${n}`,
        kind: 'inpatient',
        started_at: at,
        ended_at: rejected ? '2000-01-01T00:00:00Z' : '2024-05-09T10:00:00Z',
        admission_mode: flagged ? '9' : '8',
      }
  }
}

/** A person always has the same traits; one in two patients also names the NIR, one in four no birth place. */
function identityOf(who: number, rejected: boolean, flagged: boolean): object {
  const letters = String(who).replace(/\d/g, (digit) => WORDS[Number(digit)] ?? 'A')
  const number = `17005${69}${String(who % 1_000_000).padStart(6, '0')}`
  return {
    birth_family_name: `${TEXT_NAMES}${letters}`,
    birth_given_names: 'Camille',
    birth_date: rejected ? '1850-05-17' : '1970-05-17',
    sex: who % 2 === 0 ? 'female' : 'male',
    ...(who % 4 === 1 ? {} : { birth_place_insee: flagged ? 'X' : '69381' }),
    ...(who % 2 === 0 ? { nir: `${number}${String(97 - (Number(number) % 97)).padStart(2, '0')}` } : {}),
  }
}
