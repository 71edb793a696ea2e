/**
 * Makes two hospitals of the output of Synthea: each patient's Bundle becomes one for each hospital of the patient, with that
 * hospital's own numbers. Pure. It keeps the resource types that the gateway accepts, and of them the elements that it reads.
 */
import { createHash } from 'node:crypto'

export const SAMPLE_PRODUCERS = ['hospital-1', 'hospital-2'] as const
export type SampleProducer = (typeof SAMPLE_PRODUCERS)[number]
/** Every third patient goes to both. */
const SHARED_EVERY = 3

const KEPT = new Set([
  'Patient',
  'Encounter',
  'Condition',
  'Procedure',
  'Observation',
  'MedicationRequest',
  'MedicationAdministration',
  'DocumentReference',
])
/** Elements that refer to resources that are not kept (practitioners, places, insurers), or that repeat a resource as HTML. */
const LEFT_OUT = new Set([
  'meta',
  'text',
  'extension',
  'identifier',
  'participant',
  'location',
  'serviceProvider',
  'custodian',
  'author',
  'requester',
  'performer',
  'insurance',
  'communication',
  'reasonReference',
  'contained',
])
const BIRTH_PLACE = 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace'

export type Json = { readonly [name: string]: unknown }

/** A Bundle as the gateway accepts it, and its producer. */
export interface HospitalBundle {
  readonly producer: SampleProducer
  readonly bundle: Json
}

/**
 * @param bundle a patient's Bundle as Synthea 3.3.0 exports it
 * @param index number of the patient among all: decides the hospitals of the patient
 * @param untilMs resources with a later date are left out
 * @returns one Bundle for each hospital of the patient; none when the Bundle has no patient
 */
export function splitBundle(bundle: Json, index: number, untilMs: number): HospitalBundle[] {
  const entries = objects(bundle.entry)
  const patient = entries.find((entry) => object(entry.resource)?.resourceType === 'Patient')
  if (!patient) return []
  const medications = new Map(
    entries
      .filter((entry) => object(entry.resource)?.resourceType === 'Medication')
      .map((entry) => [String(entry.fullUrl), object(entry.resource)?.code]),
  )
  const producers = index % SHARED_EVERY === 0 ? SAMPLE_PRODUCERS : [SAMPLE_PRODUCERS[index % 2] ?? SAMPLE_PRODUCERS[0]]
  const kept = entries.filter((entry) => {
    const resource = object(entry.resource)
    return resource && KEPT.has(String(resource.resourceType)) && isDatedBy(resource, untilMs)
  })
  return producers.map((producer) => {
    const own = kept.filter((entry) => entry === patient || producers.length === 1 || producerOf(entry) === producer)
    const ids = new Map(own.map((entry) => [String(entry.fullUrl), newId(producer, String(entry.fullUrl))]))
    const entry = own.map((one) => {
      const resource = rewrite(object(one.resource) ?? {}, ids, medications, producer, index)
      const type = String(resource.resourceType)
      return { fullUrl: `urn:uuid:${String(resource.id)}`, resource, request: { method: 'POST', url: type } }
    })
    return { producer, bundle: { resourceType: 'Bundle', type: 'transaction', entry } }
  })
}

/** A stay is at one hospital, and so are all resources that refer to it. */
function producerOf(entry: Json): SampleProducer {
  const resource = object(entry.resource) ?? {}
  const reference =
    resource.resourceType === 'Encounter'
      ? entry.fullUrl
      : (object(resource.encounter ?? resource.context)?.reference ??
        objects(object(resource.context)?.encounter)[0]?.reference)
  const hash = createHash('sha256').update(String(reference)).digest()
  return SAMPLE_PRODUCERS[(hash[0] ?? 0) % 2] ?? SAMPLE_PRODUCERS[0]
}

function rewrite(
  resource: Json,
  ids: ReadonlyMap<string, string>,
  medications: ReadonlyMap<string, unknown>,
  producer: SampleProducer,
  index: number,
): Json {
  const id = newId(producer, `urn:uuid:${String(resource.id)}`)
  const rest: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(resource)) {
    if (LEFT_OUT.has(name)) continue
    // The resource itself names the drug, because the Medication resource that it refers to is not kept.
    if (name === 'medicationReference') {
      const code = medications.get(String(object(value)?.reference))
      if (code !== undefined) rest.medicationCodeableConcept = code
      continue
    }
    const clean = rereference(value, ids)
    if (clean !== undefined) rest[name] = clean
  }
  const { resourceType, id: _old, ...elements } = rest
  const numbers = numbersOf(String(resourceType), producer, index, id)
  const birthPlace = objects(resource.extension).filter(({ url }) => url === BIRTH_PLACE)
  const more =
    resourceType === 'Patient' ? { meta: { lastUpdated: '2024-01-01T00:00:00Z' }, extension: birthPlace } : {}
  return { resourceType, id, ...more, ...(numbers ? { identifier: [numbers] } : {}), ...elements }
}

/** The hospital's own numbers: the IPP of a patient, the NDA of a stay. */
function numbersOf(type: string, producer: SampleProducer, index: number, id: string): Json | undefined {
  const system = `urn:chainon:sample:${producer}`
  const first = producer === SAMPLE_PRODUCERS[0]
  const coding = (code: string) => ({ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code }] })
  if (type === 'Patient') {
    const number = first
      ? `S1-${String(index * 37 + 1001).padStart(7, '0')}`
      : `72${String(index * 53 + 20_011).padStart(8, '0')}`
    return { use: 'usual', type: coding('MR'), system: `${system}:ipp`, value: number }
  }
  if (type !== 'Encounter') return undefined
  const digits = String(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16))
    .slice(-11)
    .padStart(11, '0')
  return { use: 'official', type: coding('VN'), system: `${system}:stay`, value: `${first ? 'V' : 'N'}${digits}` }
}

/** @returns the value with references to kept resources renamed, and without the others */
function rereference(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => rereference(item, ids)).filter((item) => item !== undefined)
    return items.length > 0 ? items : undefined
  }
  const of = object(value)
  if (!of) return value
  if (typeof of.reference === 'string') {
    const id = ids.get(of.reference)
    return id === undefined ? undefined : { reference: `urn:uuid:${id}` }
  }
  const entries = Object.entries(of).map(([name, child]) => [name, rereference(child, ids)] as const)
  const present = entries.filter(([, child]) => child !== undefined)
  return present.length > 0 ? Object.fromEntries(present) : undefined
}

/** @returns whether no date of the resource is after `untilMs`: the gateway rejects future dates */
function isDatedBy(resource: Json, untilMs: number): boolean {
  const dates = [
    ...Object.entries(resource).flatMap(([name, value]) =>
      /(?:DateTime|Date|^date|^issued|^authoredOn)$/.test(name) ? [value] : [],
    ),
    ...['period', 'performedPeriod', 'effectivePeriod'].flatMap((name) => {
      const period = object(resource[name])
      return [period?.start, period?.end]
    }),
  ]
  return dates.every((date) => typeof date !== 'string' || !(Date.parse(date) > untilMs))
}

/** @returns a UUID that differs between the hospitals */
function newId(producer: string, fullUrl: string): string {
  const hex = createHash('sha256').update(`${producer}/${fullUrl}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

export function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object).filter((one) => one !== undefined) : []
}
