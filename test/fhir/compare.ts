/** Compares what the gateway makes of FHIR with what was sent: each value of each record is in its resource, at the path and in the form that docs/formats/fhir.md says. */
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { codeSpeller } from '#core/guards/canonical.ts'
import type { FaultDetail } from '#core/pipeline/verdict.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import type { Bundle, BundleEntry } from '../../services/gateway/decode/fhir/bundle.ts'
import type { FeedRecord } from '../../services/gateway/decode/fhir/common.ts'
import { mapEntry } from '../../services/gateway/decode/fhir/items.ts'
import { elementsOf } from '../../services/gateway/decode/fhir/map.ts'
import { unmappedElements } from '../../services/gateway/decode/fhir/unmapped.ts'
import { FORMS, type Source } from './forms.ts'
import { isObject, type Json, leavesOf, nodesAt, placeOf } from './values.ts'

export interface Compared {
  /** Records that the gateway accepts. */
  readonly records: readonly FeedRecord[]
  /** Why there is none, or why one of the resource's records is refused. */
  readonly refused: readonly string[]
  /** `feed.field`: the value is not in the resource, or not in its form, or no path says where it is from. */
  readonly altered: readonly string[]
  /** Places of the resource with a value that is in no record and is not counted as unmapped: parts of what is read by choice. */
  readonly left: readonly string[]
}

const contracts = new Map(
  loadContracts('schemas/feeds').map((contract) => {
    const read = recordReader(contract, 'json')
    const spell = codeSpeller(contract)
    const check = recordChecker(contract)
    return [contract.feed, { read, spell, check }]
  }),
)

/** @returns one for each resource of the body */
export function compareAll(bundle: Bundle): readonly (Compared & { readonly resource: Json | undefined })[] {
  const entries = [...bundle.entries()]
  const find = finder(entries.map(({ resource }) => resource))
  return entries.map((entry) => ({ resource: entry.resource, ...compare(entry, bundle, find) }))
}

function compare(entry: BundleEntry, bundle: Bundle, find: ReturnType<typeof finder>): Compared {
  const { fault, resource = {} } = entry
  const mapped = fault === undefined ? mapEntry(entry, bundle) : { ok: false as const, fault }
  if (!mapped.ok) return { records: [], refused: [mapped.fault], altered: [], left: [] }
  const used = new Set<string>()
  const altered: string[] = []
  const refused: string[] = []
  const records: FeedRecord[] = []
  for (const one of mapped.records) {
    const { faults, record } = accepted(one, bundle.receivedAt)
    if (faults.length > 0) refused.push(...faults.map(({ pointer, rule }) => `${rule} ${one.feed}${pointer}`))
    else {
      records.push({ ...one, record })
      altered.push(
        ...alteredFields(one, record, resource, bundle.receivedAt, (reference) => find(reference, resource), used),
      )
    }
  }
  return { records, refused, altered, left: refused.length > 0 ? [] : leftOver(resource, used) }
}

/** @returns the record as it is stored, or its faults */
function accepted(
  { feed, record: raw }: FeedRecord,
  receivedAt: number,
): { faults: readonly FaultDetail[]; record: Json } {
  const contract = contracts.get(feed)
  if (!contract) throw new Error(`no feed ${feed}`)
  const read = contract.read(raw)
  if (!read.ok) return { faults: read.faults, record: {} }
  const record = contract.spell(read.record, 'hospital-1')
  return { faults: contract.check(record, { producer: 'hospital-1', receivedAt: receivedAt * 1000 }), record }
}

/** @param used receives the paths of the leaves that the record has */
export function alteredFields(
  one: Pick<FeedRecord, 'feed' | 'element'>,
  record: Json,
  resource: Json,
  receivedAt: number,
  find: Source['find'],
  used: Set<string>,
): readonly string[] {
  const altered: string[] = []
  for (const [field, value] of Object.entries(record)) {
    if (value === null || value === undefined) continue
    const paths = elementsOf(resource.resourceType, one, field)
    const nodes = paths.flatMap((path) => nodesAt(resource, path))
    const form = FORMS[`${one.feed}.${field}`] ?? FORMS[field]
    const from = form?.from(value, { resource, nodes, record, field, find, receivedAt })
    if (!from) altered.push(`${one.feed}.${field}`)
    for (const { path } of from ?? []) used.add(path)
  }
  return altered
}

function leftOver(resource: Json, used: ReadonlySet<string>): readonly string[] {
  const counted = [...unmappedElements(resource)]
  const type = String(resource.resourceType)
  const places = leavesOf({ path: '', value: resource })
    .filter((leaf) => !used.has(leaf.path) && !leaf.path.startsWith('contained') && leaf.path !== 'resourceType')
    .map((leaf) => `${type}.${placeOf(leaf)}`)
    .filter(
      (place) =>
        !counted.some(
          (one) =>
            place.startsWith(one.replace(/\.other$/, '')) &&
            (place === one || /^[.[]/.test(place.slice(one.length)) || one.endsWith('.other')),
        ),
    )
  return [...new Set(places)]
}

/** Resources by `Type/id`, those that are contained in one by `#id`. */
function finder(resources: readonly (Json | undefined)[]) {
  const known = new Map(resources.map((one) => [`${String(one?.resourceType)}/${String(one?.id)}`, one]))
  return (reference: unknown, from: Json): Json | undefined => {
    const target = isObject(reference) ? String(reference.reference ?? '') : ''
    if (target.startsWith('#'))
      return nodesAt(from, 'contained')
        .map(({ value }) => value)
        .find((one): one is Json => isObject(one) && `#${String(one.id)}` === target)
    return known.get(
      target
        .replace(/\/_history\/.*$/, '')
        .split('/')
        .slice(-2)
        .join('/'),
    )
  }
}
