import { describe, expect, it } from 'vitest'
import { parseField } from '#core/contract/parse-field.ts'
import { Field } from '#core/contract/schema.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'

const KEEP = { class: 'none', action: 'keep' }
const KEEP_UNIT = { ...KEEP, guard: [{ codes: ['ucum'] }] }
const TEXT = { name: 'unit', type: 'string', doc: 'Unit', privacy: KEEP_UNIT }
const DATE = { type: 'int', logicalType: 'date' }

/** Reads a field as `parse.ts` does. */
function parse(raw: Record<string, unknown>) {
  const place = new Place([], `field '${String(raw.name)}'`)
  const field = parseField(read(Field, raw, place).partial, place)
  return { field, problems: place.problems }
}
/** Only a string needs a guard. */
const kept = (type: unknown) => (type === 'string' ? {} : { privacy: KEEP })
const rule = (more: object) => ({ id: 'r', severity: 'flag', ...more })

describe('a field', () => {
  it('is read with its defaults', () => {
    expect(parse(TEXT)).toEqual({
      problems: [],
      field: {
        name: 'unit',
        doc: 'Unit',
        kind: 'string',
        nullable: false,
        symbols: [],
        maxLength: 64,
        privacy: KEEP_UNIT,
        as: 'unit',
        rules: [],
        avroType: 'string',
      },
    })
  })

  it.each<[string, unknown, object]>([
    ['string', 'string', { kind: 'string', nullable: false }],
    ['int', 'int', { kind: 'integer', nullable: false }],
    ['long', 'long', { kind: 'long', nullable: false }],
    ['double', 'double', { kind: 'double', nullable: false }],
    ['boolean', 'boolean', { kind: 'boolean', nullable: false }],
    ['date', DATE, { kind: 'date', nullable: false }],
    ['timestamp', { type: 'long', logicalType: 'timestamp-millis' }, { kind: 'timestamp', nullable: false }],
    [
      'enum',
      { type: 'enum', name: 'E', symbols: ['a', 'b'], default: 'a' },
      { kind: 'enum', nullable: false, symbols: ['a', 'b'] },
    ],
    ['date or null', ['null', DATE], { kind: 'date', nullable: true }],
    ['enum or null', ['null', { type: 'enum', name: 'E', symbols: ['a'] }], { kind: 'enum', symbols: ['a'] }],
  ])('of type %s', (_name, type, expected) => {
    const result = parse({ ...TEXT, type, ...kept(type), ...(Array.isArray(type) ? { default: null } : {}) })
    expect(result.problems).toEqual([])
    expect(result.field).toMatchObject({ ...expected, avroType: type })
  })

  const ANY_TYPE =
    'type: must be string, int, long, double, boolean, an enum, a date or a timestamp-millis, or a union of null and one'
  it.each<[string, unknown, string]>([
    ['bytes', 'bytes', ANY_TYPE],
    ['a misspelt name', 'strng', `${ANY_TYPE}; did you mean 'string'?`],
    ['nothing', null, ANY_TYPE],
    ['three in a union', ['null', 'string', 'int'], ANY_TYPE],
    ['null last', ['string', 'null'], ANY_TYPE],
    ['a union in a union', ['null', ['null', 'string']], 'type[1]: must be string, int'],
    ['a record', { type: 'record', name: 'R', fields: [] }, 'type.type: must be one of int, long, enum'],
    ['a time of day', { type: 'int', logicalType: 'time-millis' }, 'type.logicalType: must be date'],
    ['an enum without symbols', { type: 'enum', name: 'E', symbols: [] }, 'type.symbols: must have at least 1 item'],
  ])('of a type that no feed has: %s', (_name, type, problem) => {
    const { problems, field } = parse({ ...TEXT, type, default: null })
    expect(problems[0]).toContain(`field 'unit': ${problem}`)
    expect(problems).toHaveLength(1)
    expect(field).toBeUndefined()
  })

  it('is stored under its new name', () => {
    const privacy = { class: 'direct', action: 'pseudonymise', domain: 'patient', as: 'patient_id' }
    expect(parse({ ...TEXT, privacy }).field).toMatchObject({ name: 'unit', as: 'patient_id', maxLength: 256 })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['has no privacy', { privacy: undefined }, "lacks 'privacy': a field without a privacy policy is never passed on"],
    ['has a name of our own', { name: '_unit' }, "names that begin with _ are Chainon's own"],
    ['has no doc', { doc: '' }, 'doc: must be text that is not empty'],
    ['may be null without that default', { type: ['null', 'string'] }, 'a nullable field must have "default": null'],
    ['may be null with another default', { type: ['null', 'string'], default: '' }, 'must have "default": null'],
    ['is kept and long', { maxLength: 65 }, 'a string that is kept may have at most 64 characters'],
    ['has a length and is no string', { type: 'long', privacy: KEEP, maxLength: 8 }, "'maxLength' is for strings"],
    ['has a length of 0', { maxLength: 0 }, 'maxLength: must be a whole number of at least 1'],
    ['is a trait that is kept as text', { privacy: { ...KEEP_UNIT, class: 'trait' } }, 'must be an enum'],
    [
      'is an identifier that is kept',
      { privacy: { ...KEEP_UNIT, class: 'direct' } },
      "privacy class 'direct' allows pseudonymise, tokenise, drop, not 'keep'",
    ],
    [
      'is a pseudonym of a number',
      { type: 'long', privacy: { class: 'direct', action: 'pseudonymise', domain: 'patient' } },
      'pseudonymise needs a string',
    ],
    [
      'is a pseudonym of no domain',
      { privacy: { class: 'direct', action: 'pseudonymise' } },
      "privacy: pseudonymise needs 'domain': one of record, patient, encounter",
    ],
    ['is a truncated text', { privacy: { class: 'trait', action: 'truncate', to: 'year' } }, 'truncate needs a date'],
    [
      'is cut to a day',
      { type: DATE, privacy: { class: 'date', action: 'truncate', to: 'day' } },
      'privacy.to: must be one of month, quarter, year',
    ],
    [
      'is a generalised number',
      { type: 'long', privacy: { class: 'place', action: 'generalise', to: 'department' } },
      'generalise needs a string',
    ],
    ['links by nothing', { linkage: 'shoe_size' }, 'linkage: must be one of ins, nir'],
    ['has rules that are no list', { rules: rule({}) }, 'rules: must be a list'],
    ['has a rule that is none', { rules: ['r'] }, 'rules[0]: must be an object'],
  ])('is wrong when it %s', (_what, change, problem) => {
    const raw = JSON.parse(JSON.stringify({ ...TEXT, ...change })) as Record<string, unknown>
    const { problems } = parse(raw)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`field '${String(raw.name)}': `)
    expect(problems[0]).toContain(problem)
  })

  it('reports everything that is wrong with it', () => {
    const raw = { ...TEXT, name: '_x', maxLength: 90, rules: [rule({ check: 'range', min: 1, mx: 2 })] }
    expect(parse(raw).problems).toEqual([
      "field '_x': rule 'r': unknown key 'mx'; did you mean 'max'?",
      "field '_x': names that begin with _ are Chainon's own",
      "field '_x': a string that is kept may have at most 64 characters: longer ones are text",
      "field '_x': rule 'r': range needs a number",
    ])
  })
})

describe('a rule of a field', () => {
  it.each<[string, unknown, object]>([
    ['pattern', 'string', { pattern: '^a' }],
    ['range', 'double', { min: 0 }],
    ['one-of', 'string', { values: ['a'] }],
    ['temporal', DATE, { notBefore: '1900-01-01' }],
    ['temporal', DATE, { notBefore: '1900-01-01T00:00:00Z', notAfter: 'received' }],
    ['check-digit', 'string', { algorithm: 'nir' }],
    ['range', 'long', { max: 1, when: { field: 'a', equals: 'b' } }],
  ])('%s on %j is right', (check, type, more) => {
    const rules = [rule({ check, ...more })]
    expect(parse({ ...TEXT, type, ...kept(type), rules })).toMatchObject({ problems: [], field: { rules } })
  })

  it.each<[string, unknown, object, string]>([
    ['pattern on a number', 'long', { check: 'pattern', pattern: 'a' }, 'pattern needs a string'],
    ['a broken pattern', 'string', { check: 'pattern', pattern: '(' }, 'pattern: must be a regular expression'],
    [
      'a pattern that is not linear',
      'string',
      { check: 'pattern', pattern: '(?=a)b' },
      'pattern: cannot be run in linear time: it has look-ahead',
    ],
    ['no pattern', 'string', { check: 'pattern' }, "pattern needs 'pattern': text"],
    ['range on a text', 'string', { check: 'range', min: 1 }, 'range needs a number'],
    ['an open range', 'long', { check: 'range' }, "range needs 'min' or 'max'"],
    ['a limit that is text', 'long', { check: 'range', min: '1' }, 'min: must be a number'],
    ['one of nothing', 'string', { check: 'one-of', values: [] }, 'values: must have at least 1 item'],
    ['one of numbers', 'string', { check: 'one-of', values: [1] }, 'values[0]: must be text'],
    ['a time of a text', 'string', { check: 'temporal', notAfter: 'received' }, 'needs a date or a timestamp'],
    ['no time', DATE, { check: 'temporal' }, "temporal needs 'notAfter': received or 'notBefore': a date"],
    ['no day of the calendar', DATE, { check: 'temporal', notBefore: '1900-02-29' }, 'must be a date of the calendar'],
    ['another end', DATE, { check: 'temporal', notAfter: 'now' }, 'notAfter: must be received'],
    ['an unknown algorithm', 'string', { check: 'check-digit', algorithm: 'lun' }, "did you mean 'luhn'?"],
    ['an unknown check', 'string', { check: 'patern', pattern: 'a' }, "did you mean 'pattern'?"],
    ['no check', 'string', { pattern: 'a' }, "lacks 'check': one of pattern, range"],
    ['a condition that is none', 'long', { check: 'range', min: 1, when: 'x' }, 'when: must be an object with field'],
  ])('%s is wrong', (_what, type, more, problem) => {
    const { problems } = parse({ ...TEXT, type, ...kept(type), rules: [rule(more)] })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain("field 'unit': rule 'r': ")
    expect(problems[0]).toContain(problem)
  })

  it('lacks its id', () => {
    expect(parse({ ...TEXT, rules: [{ check: 'pattern', pattern: 'a', severity: 'flag' }] }).problems).toEqual([
      "field 'unit': rules[0]: pattern needs 'id': up to 64 lower case letters, digits and -",
    ])
  })
})
