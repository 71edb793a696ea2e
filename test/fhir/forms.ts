/**
 * In which form each field has the values of the elements that it is read from: the page docs/formats/fhir.md states them, and a record is compared with its
 * resource by them. What is in a record in any other form is altered.
 */
import { canonicalCode } from '#core/guards/canonical.ts'
import { CODE_SYSTEM_NAMES, type CodeSystemName } from '#core/guards/code-systems.ts'
import { systemOfUri } from '#core/terminology/uris.ts'
import { isObject, type Json, type Leaf, leavesOf, type Node, nodesAt } from './values.ts'

export interface Source {
  readonly resource: Json
  /** Values at the paths of the field. */
  readonly nodes: readonly Node[]
  readonly record: Json
  readonly field: string
  /** @returns the resource that a reference names */
  readonly find: (reference: unknown) => Json | undefined
  /** Milliseconds since 1970. */
  readonly receivedAt: number
}

export interface Form {
  /** For the page. */
  readonly says: string
  /** @returns the leaves that the value is made of; undefined when it is made of none */
  readonly from: (value: unknown, source: Source) => readonly Leaf[] | undefined
}

const NONE: readonly Leaf[] = []
const leaves = ({ nodes }: Source) => nodes.flatMap(leavesOf)
const first = (found: Leaf | undefined) => (found ? [found] : undefined)
const endsWith = (path: string, names: readonly string[]) => names.some((name) => path.endsWith(name))

const asWritten: Form = {
  says: 'as written',
  from: (value, source) => first(leaves(source).find((leaf) => leaf.value === value)),
}

const symbol: Form = {
  says: 'as written, `_` for `-`',
  from: (value, source) => first(leaves(source).find((leaf) => String(leaf.value).replaceAll('-', '_') === value)),
}

const numberAt = (...names: readonly string[]): Form => ({
  says: 'the number',
  from: (value, source) =>
    first(
      leaves(source).find((leaf) => leaf.value === value && typeof value === 'number' && endsWith(leaf.path, names)),
    ),
})

const compact: Form = {
  says: 'without spaces',
  from: (value, source) => first(leaves(source).find((leaf) => String(leaf.value).replaceAll(/\s/g, '') === value)),
}

/** @param separator between the texts, which are all of the element or some of them, in their order or not */
const joined = (separator: string, says: string): Form => ({
  says,
  from: (value, source) => {
    const texts = leaves(source).filter((leaf) => typeof leaf.value === 'string')
    const used: Leaf[] = []
    let rest = String(value)
    while (rest !== '') {
      const text = texts.find(
        (leaf) => !used.includes(leaf) && `${rest}${separator}`.startsWith(`${leaf.value}${separator}`),
      )
      if (!text) return undefined
      used.push(text)
      rest = rest.slice(String(text.value).length + separator.length)
    }
    return used
  },
})

const PRECISIONS: Readonly<Record<number, string>> = { 4: 'year', 7: 'month', 10: 'day' }
const precisionOf = (text: string) => PRECISIONS[text.length] ?? null
const precisionField = (field: string) =>
  /^(?:value_|birth_date$|died_on$)/.test(field)
    ? `${field}_precision`
    : field.replace(/_(?:at|on|partial)$/, '_precision')

const moment: Form = {
  says: 'the first instant of what was written',
  from: (value, source) =>
    first(
      leaves(source).find(
        (leaf) =>
          typeof leaf.value === 'string' &&
          Math.floor(Date.parse(leaf.value)) === value &&
          precisionOf(leaf.value) === (source.record[precisionField(source.field)] ?? null),
      ),
    ),
}

const DAY_MS = 86_400_000
const day: Form = {
  says: 'the day in its own time zone, of a month or a year the first',
  from: (value, source) =>
    first(
      leaves(source).find((leaf) => {
        const text = String(leaf.value).slice(0, 10)
        const precision = text.length === 10 ? null : precisionOf(text)
        return (
          Date.parse(text) === Number(value) * DAY_MS &&
          precision === (source.record[precisionField(source.field)] ?? null)
        )
      }),
    ),
}

/** With the field that it belongs to, it is compared there. */
const precision: Form = {
  says: '`year`, `month` or `day` where no more was written',
  from: (value, source) =>
    leaves(source).some((leaf) => precisionOf(String(leaf.value)) === value) ? NONE : undefined,
}

const changed: Form = {
  says: 'in milliseconds since 1970; the time of receipt where it is absent or more than a day ahead',
  from: (value, source) =>
    first(leaves(source).find((leaf) => Math.floor(Date.parse(String(leaf.value))) === value)) ??
    (value === source.receivedAt ? NONE : undefined),
}

const table = (rows: Readonly<Record<string, string>>, otherwise: string): Form => ({
  says: `${Object.entries(rows)
    .map(([code, is]) => `${code} is \`${is}\``)
    .join(', ')}; else \`${otherwise}\``,
  from: (value, source) => {
    const known = leaves(source).filter((leaf) => Object.hasOwn(rows, String(leaf.value)))
    if (known.length === 0) return value === otherwise ? NONE : undefined
    return first(known.find((leaf) => rows[String(leaf.value)] === value))
  },
})

const isSystem = (name: string): name is CodeSystemName => (CODE_SYSTEM_NAMES as readonly string[]).includes(name)

/** @param names of the fields of code, system and URI */
const coding = (names: readonly [code: string, system: string, uri?: string]): Form => ({
  says: 'of the coding whose system the feed prefers, in the spelling of its system; else of the first coding, with `other`',
  from: (value, source) => {
    const { field, record } = source
    const [code, system, uri] = names.map((name) => record[name ?? ''] ?? null)
    for (const { path, coding: of } of codingsOf(source)) {
      const written = String(of.code)
      const known = typeof of.system === 'string' ? systemOfUri(of.system) : undefined
      const spelt = [written, ...(known !== undefined && isSystem(known) ? [canonicalCode(known, written)] : [])]
      const sameSystem = system === (known ?? 'other') || system === 'other'
      const sameUri = names[2] === undefined || uri === (typeof of.system === 'string' ? of.system.slice(0, 64) : null)
      if (spelt.includes(String(code)) && sameSystem && sameUri)
        return leavesOf({ path, value: { code: of.code, ...(of.system === undefined ? {} : { system: of.system }) } })
    }
    // A concept in words only has no code.
    return field === names[1] && value === 'other' && code === null ? NONE : undefined
  },
})

function codingsOf({ find, nodes }: Source): readonly { readonly path: string; readonly coding: Json }[] {
  return nodes.flatMap(({ path, value }) => {
    const target = isObject(value) && value.coding === undefined ? find(value) : undefined
    const under = target ? { path: '', value: target.code } : { path, value }
    return nodesAt({ c: under.value } as Json, 'c.coding').map(({ path: inside, value: one }) => ({
      path: target ? path : `${path}${inside.slice(1)}`,
      coding: isObject(one) ? one : {},
    }))
  })
}

/** Of a reference: an identifier of the resource that it names, or of the reference itself. */
const identifier = (type: string | undefined, withId: boolean): Form => ({
  says: withId
    ? 'the identifier (PI or VN, then MR or AN, then any of a stay, then the id) of the resource that is named, or the identifier in the reference'
    : 'the RPPS number of the professional',
  from: (value, { field: _field, find, nodes, resource }) => {
    const own = resource.resourceType === type
    const targets = own ? [resource] : nodes.map((node) => find(node.value))
    for (const [i, target] of targets.entries()) {
      const role = target?.resourceType === 'PractitionerRole' ? find(target.practitioner) : target
      const node = nodes[i]
      const values = [
        ...nodesAt(role ?? {}, 'identifier').map((one) => (isObject(one.value) ? one.value.value : undefined)),
        ...(withId ? [role?.id] : []),
      ]
      if (values.some((one) => String(one).replaceAll(/\s/g, '') === String(value).replaceAll(/\s/g, '')))
        return own
          ? leavesOf({ path: '', value: resource }).filter((leaf) => leaf.value === value)
          : node
            ? leavesOf(node)
            : NONE
      const logical = isObject(node?.value) ? node.value : undefined
      const inside = isObject(logical?.identifier) ? logical.identifier.value : undefined
      const search = decodeURIComponent(
        /\?identifier=(?:[^|&]*\|)?([^|&]+)$/.exec(String(logical?.reference))?.[1] ?? '',
      )
      if (!target && node && [inside, search].includes(String(value))) return leavesOf(node)
    }
    return undefined
  },
})

const recordId: Form = {
  says: 'as written; without an id the first identifier as `system|value`; of a medication with its type before it, of a component with `#` and its index after it',
  from: (value, { resource }) => {
    const bare = String(value)
      .replace(/^(?:MedicationRequest|MedicationAdministration)\//, '')
      .replace(/#\d+$/, '')
    const named = nodesAt(resource, 'identifier').some(
      ({ value: one }) => isObject(one) && `${String(one.system ?? '')}|${String(one.value)}` === bare,
    )
    return bare === resource.id || named ? leavesOf({ path: '', value: { id: resource.id } }) : undefined
  },
}

const count: Form = {
  says: 'how many there are',
  from: (value, { nodes }) => (value === nodes.length ? NONE : undefined),
}

const unit: Form = {
  says: 'the code, else the unit as written; of a ratio both with `/` between them',
  from: (value, source) => {
    const units = leaves(source).filter((leaf) => endsWith(leaf.path, ['.code', '.unit']))
    for (const one of units) {
      if (one.value === value) return [one]
      for (const other of units) if (`${one.value}/${other.value}` === value) return [one, other]
    }
    for (const one of units) if (`/${one.value}` === value) return [one]
    return undefined
  },
}

const KINDS = {
  Quantity: 'quantity',
  Integer: 'quantity',
  String: 'text',
  Boolean: 'boolean',
  Range: 'range',
  Ratio: 'ratio',
}
const MORE_KINDS = { Time: 'time', DateTime: 'date', Period: 'period' }
const valueKind: Form = {
  says: 'by the type of the value; `absent` for a reason in the place of a value',
  from: (value, { nodes }) => {
    const named = nodes.map(({ path }) => /value([A-Z][A-Za-z]*)$/.exec(path)?.[1] ?? '')
    const kinds = named.flatMap((type) =>
      type === 'CodeableConcept'
        ? ['code', 'text']
        : [({ ...KINDS, ...MORE_KINDS } as Record<string, string>)[type] ?? 'absent'],
    )
    return kinds.includes(String(value)) ? NONE : undefined
  },
}

const operation: Form = {
  says: '`cancel` for `entered-in-error`',
  from: (value, source) =>
    (value === 'cancel') === leaves(source).some((leaf) => leaf.value === 'entered-in-error') ? NONE : undefined,
}

const base64: Form = {
  says: 'the text of attachments of type `text/*`, RTF, XHTML, XML and CDA, decoded',
  from: (value, source) => {
    const texts = leaves(source).map((leaf) => ({ leaf, bytes: Buffer.from(String(leaf.value), 'base64') }))
    const decoded = ['utf8', 'latin1'].map((charset) =>
      texts.map(({ bytes }) => bytes.toString(charset as BufferEncoding)),
    )
    return decoded.some((all) =>
      String(value)
        .split('\n')
        .every((line) => all.join('\n').split('\n').includes(line)),
    )
      ? texts.map(({ leaf }) => leaf)
      : undefined
  },
}

const lines = joined('\n', 'one text per line')

/** By field, or by feed and field. */
/** Of a reference: what it shows itself, and what the resource that it names says, only to be found in the text and removed. */
const ofNamed = (whose: string): Form => ({
  says: `${whose}, as in the resource that is named or as the reference shows it; only to find it in the text`,
  from: (value, { field, find, nodes }) => {
    const said = nodes.flatMap((node) => {
      const named = find(node.value)
      const role = named?.resourceType === 'PractitionerRole' ? find(named.practitioner) : undefined
      return [node.value, named ?? {}, role ?? {}].flatMap((one) => leavesOf({ path: '', value: one }))
    })
    const words = new Set(said.flatMap((leaf) => String(leaf.value).split(/[\s,]+/)))
    const given = field.endsWith('_date')
      ? [new Date(Number(value) * DAY_MS).toISOString().slice(0, 10)]
      : [String(value)]
    const isSaid = given.flatMap((one) => one.split(/[\s,]+/)).every((word) => word === '' || words.has(word))
    return isSaid ? nodes.flatMap(leavesOf).filter((leaf) => leaf.path.endsWith('display')) : undefined
  },
})
const OF_PATIENT = [
  ...['birth_family_name', 'birth_given_names', 'used_family_name', 'other_names', 'birth_date', 'address_line'],
  ...['postcode', 'city', 'phone', 'email'],
]

export const FORMS: Readonly<Record<string, Form>> = {
  record_id: recordId,
  'patient.record_id': identifier('Patient', true),
  'death.record_id': identifier('Patient', true),
  record_version: changed,
  operation,
  patient_ipp: identifier('Patient', true),
  encounter_nda: identifier('Encounter', true),
  ins: compact,
  nir: compact,
  identity_status: asWritten,
  birth_family_name: asWritten,
  birth_given_names: joined(' ', 'joined by a space'),
  used_family_name: asWritten,
  birth_date: day,
  birth_partial: day,
  birth_precision: precision,
  sex: {
    says: 'as written; `unknown` where it is absent',
    from: (value, source) =>
      asWritten.from(value, source) ?? (value === 'unknown' && source.nodes.length === 0 ? NONE : undefined),
  },
  birth_place_insee: asWritten,
  ...Object.fromEntries(OF_PATIENT.map((field) => [`document.patient_${field}`, ofNamed('of the patient')])),
  'document.professional_names': ofNamed('of each author'),
  address_line: joined(', ', 'joined by `, `'),
  postcode: asWritten,
  city: asWritten,
  phone: asWritten,
  email: asWritten,
  deceased: {
    says: 'as written; true where there is a time',
    from: (value, source) =>
      asWritten.from(value, source) ??
      (value === true ? first(leaves(source).find((leaf) => typeof leaf.value === 'string')) : undefined),
  },
  deceased_on: day,
  deceased_precision: precision,
  died_on: day,
  active: asWritten,
  updated_at: changed,
  'encounter.kind': table(
    {
      IMP: 'inpatient',
      ACUTE: 'inpatient',
      NONAC: 'inpatient',
      AMB: 'outpatient',
      EMER: 'emergency',
      SS: 'day_hospital',
      HH: 'home',
      VR: 'virtual',
    },
    'other',
  ),
  'diagnosis.kind': table({ 'problem-list-item': 'problem' }, 'other'),
  'medication.kind': {
    says: '`request` or `administration`, by the type of the resource',
    from: (value, { resource }) =>
      `Medication${String(value)}`.toLowerCase() === String(resource.resourceType).toLowerCase() ? NONE : undefined,
  },
  'document.kind': coding(['kind', 'kind_system', 'kind_source']),
  kind_system: coding(['kind', 'kind_system', 'kind_source']),
  kind_source: coding(['kind', 'kind_system', 'kind_source']),
  code: coding(['code', 'code_system', 'code_source']),
  code_system: coding(['code', 'code_system', 'code_source']),
  code_source: coding(['code', 'code_system', 'code_source']),
  reason_code: coding(['reason_code', 'reason_system']),
  reason_system: coding(['reason_code', 'reason_system']),
  reason_text: lines,
  started_at: moment,
  started_precision: precision,
  ended_at: moment,
  ended_precision: precision,
  recorded_at: moment,
  recorded_precision: precision,
  performed_at: moment,
  performed_precision: precision,
  effective_at: moment,
  effective_precision: precision,
  authored_at: moment,
  authored_precision: precision,
  onset_on: day,
  onset_precision: precision,
  resolved_on: day,
  resolved_precision: precision,
  care_unit: asWritten,
  admission_mode: asWritten,
  discharge_mode: asWritten,
  performer_rpps: identifier(undefined, false),
  author_rpps: identifier(undefined, false),
  status: symbol,
  doc_status: symbol,
  intent: symbol,
  verification_status: symbol,
  clinical_status: symbol,
  do_not_perform: asWritten,
  comment: lines,
  title: asWritten,
  text: base64,
  value_kind: valueKind,
  value_number: numberAt('Quantity.value', 'Integer'),
  value_low: numberAt('Range.low.value'),
  value_high: numberAt('Range.high.value'),
  value_numerator: numberAt('Ratio.numerator.value'),
  value_denominator: numberAt('Ratio.denominator.value'),
  value_unit: unit,
  value_comparator: asWritten,
  value_code: {
    says: 'as `code`; a boolean as `true` or `false`',
    from: (value, source) =>
      coding(['value_code', 'value_system']).from(value, source) ??
      first(leaves(source).find((leaf) => typeof leaf.value === 'boolean' && String(leaf.value) === value)),
  },
  value_system: coding(['value_code', 'value_system']),
  value_text: asWritten,
  value_at: moment,
  value_at_precision: precision,
  value_until: moment,
  value_until_precision: precision,
  value_time: asWritten,
  value_absent_reason: asWritten,
  reference_low: numberAt('low.value'),
  reference_high: numberAt('high.value'),
  quantity: numberAt('doseQuantity.value', 'dose.value'),
  quantity_low: numberAt('low.value'),
  quantity_high: numberAt('high.value'),
  quantity_unit: unit,
  dosage_count: count,
  dosage_text: lines,
  route: asWritten,
}
