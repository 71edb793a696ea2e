/** Records of canaries: every field that must not be passed on is an invented identity, and each kept field in turn. */
import { guardOf } from '#core/contract/actions.ts'
import type { FeedContract, FieldContract, GuardCase } from '#core/contract/types.ts'
import { CODE_SYSTEMS } from '#core/guards/code-systems.ts'
import type { Inventor } from './invent.ts'

/** Shorter values (a postcode, an INSEE code) are not unique: any file can contain them by chance. */
const SHORTEST = 11
/** Of every canary: long past, so that no rule of time refuses it. */
const DAY = '2024-05-06'
const BIRTH = '1977-03-21'

export interface CanaryRecord {
  readonly record: Readonly<Record<string, unknown>>
  readonly canaries: readonly string[]
  /** False where a canary is a number, which Avro does not write as digits. */
  readonly readable: boolean
}

/** @returns a valid record of the feed whose every field that must not be passed on is a canary */
export function canaryRecord(contract: FeedContract, invent: Inventor): CanaryRecord {
  const fields = contract.fields.filter((field) => field.kind === 'string' && field.privacy.action !== 'keep')
  const values = Object.fromEntries(fields.map((field) => [field.name, canaryValue(field, invent)]))
  const birth = contract.fields.filter(({ kind, linkage }) => linkage === 'birth_date' && kind === 'date')
  return {
    record: { ...plainRecord(contract), ...Object.fromEntries(birth.map(({ name }) => [name, BIRTH])), ...values },
    canaries: Object.values(values).flatMap((value) =>
      value.split(/[ ,@]+/).filter((piece) => piece.length >= SHORTEST),
    ),
    readable: true,
  }
}

/**
 * @returns for each field that is kept, records with a name, a NIR, a telephone number, an e-mail address and the patient's own number in that
 *   field: as text, as a number, or as a symbol of an enum, whichever the field could be given
 */
export function keptCanaries(contract: FeedContract, invent: Inventor): readonly CanaryRecord[] {
  const kept = contract.fields.filter(({ privacy }) => privacy.action === 'keep' || privacy.action === 'round')
  return kept.flatMap((field) =>
    keptValues(field, invent).map(({ canaries, ipp, value }) => {
      const made = canaryRecord(contract, invent)
      const own = ipp === undefined ? {} : { [contract.subject]: ipp }
      return {
        record: { ...made.record, ...own, [field.name]: value },
        canaries: [...canaries, ...(ipp === undefined ? [] : [ipp])],
        readable: typeof value === 'string',
      }
    }),
  )
}

/** A later version of a record that cancels it; it repeats the record's identifier and patient, and nothing else of it. */
export function cancellation(
  contract: FeedContract,
  recordId: unknown,
  patient: unknown,
  version: number,
): Readonly<Record<string, unknown>> {
  return {
    ...plainRecord(contract),
    record_id: recordId,
    [contract.subject]: patient,
    [contract.version]: version,
    operation: 'cancel',
  }
}

/** @returns the fields without which there is no record, with values that the guards accept and that say nothing */
function plainRecord(contract: FeedContract): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {}
  for (const field of contract.fields) {
    // The guard of a code depends on its code system, which stands before it.
    if (field.default === undefined) values[field.name] = plainValue(field, values)
  }
  return values
}

function plainValue(field: FieldContract, before: Readonly<Record<string, unknown>>): unknown {
  switch (field.kind) {
    case 'enum':
      return field.symbols[0]
    case 'date':
      return DAY
    case 'timestamp':
      return `${DAY}T07:08:09.123Z`
    case 'boolean':
      return false
    case 'integer':
    case 'long':
    case 'double':
      return guardOf(field).find((one) => applies(one, before))?.min ?? 0
    case 'string':
      return accepted(guardOf(field).find((one) => applies(one, before)))
  }
}

const applies = ({ when = [] }: GuardCase, values: Readonly<Record<string, unknown>>) =>
  when.every(({ equals, field }) => values[field] === equals)

function accepted(guard: GuardCase | undefined): string {
  const [code] = guard?.codes ?? []
  return code === undefined ? (guard?.values?.[0] ?? '0') : CODE_SYSTEMS[code].example
}

function keptValues({ kind }: FieldContract, invent: Inventor): { value: unknown; canaries: string[]; ipp?: string }[] {
  const [name, given, nir, mobile, ipp] = [invent.word(), invent.word(), invent.nir(), invent.mobile(), invent.ipp()]
  const numbers = [
    { value: Number(nir), canaries: [nir] },
    { value: Number(nir.slice(0, 13)), canaries: [nir.slice(0, 13)] },
    { value: Number(mobile), canaries: [mobile] },
    { value: Number(ipp), canaries: [], ipp },
  ]
  switch (kind) {
    case 'integer':
    case 'long':
      return numbers
    case 'double':
      return [...numbers, { value: Number(`${nir}.5`), canaries: [nir] }]
    default:
      return [
        { value: `${name} ${given}`, canaries: [name, given] },
        { value: name, canaries: [name] },
        { value: `CR ${name} NIR ${nir}`, canaries: [name, nir] },
        { value: nir, canaries: [nir] },
        { value: `+${mobile}`, canaries: [mobile] },
        { value: `${name}@example.org`, canaries: [name] },
        { value: `{${name}}`, canaries: [name] },
        { value: ipp, canaries: [], ipp },
      ]
  }
}

function canaryValue(field: FieldContract, invent: Inventor): string {
  if (field.linkage === 'nir' || field.linkage === 'ins') return invent.nir()
  if (field.name === 'email') return `${invent.word()}@${invent.word()}.example`
  if (field.name === 'phone') return `00${invent.mobile()}`
  if (field.name.endsWith('_rpps')) return invent.rpps()
  if (field.privacy.action === 'scrub')
    return `${textWith(invent.word())}, ${textWith(invent.word())}, tel 00${invent.mobile()}, NIR ${invent.nir()}`
  if (field.privacy.class === 'trait' && field.maxLength >= 16) return invent.accented()
  return field.maxLength < 16 ? '69381' : invent.word()
}

/**
 * What is written of a person in a text: a name after a title. Of these invented words the scrubber leaves about one in 2,000 where no title stands before
 * it (decision 28), and a canary must not be found by chance; `npm run deid:bench` measures what it leaves.
 */
export const textWith = (name: string) => `Vu avec Mme ${name}`
