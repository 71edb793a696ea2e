import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { parseContract } from '#core/contract/parse.ts'
import { columnsOf, tableStatements } from '#core/contract/table.ts'

const contracts = loadContracts('schemas/feeds')
const patient = readFileSync('schemas/feeds/patient.avsc', 'utf8')
type Json = { fields: Record<string, unknown>[] } & Record<string, unknown>
function edited(edit: (json: Json) => void) {
  const json = JSON.parse(patient) as Json
  edit(json)
  const result = parseContract('patient', JSON.stringify(json))
  return result.ok ? [] : result.problems
}

describe('the bundled contracts', () => {
  it('are the eleven feeds', () => {
    expect(contracts.map(({ feed }) => feed)).toEqual([
      'death',
      'diagnosis',
      'document',
      'encounter',
      'imaging',
      'medication',
      'observation',
      'patient',
      'patient_merge',
      'pmsi_stay',
      'procedure',
    ])
  })

  it.each(contracts.map((contract) => [contract.feed, contract] as const))(
    '%s derives two valid Avro schemas',
    (_feed, contract) => {
      for (const schema of [identifiedSchema(contract), pseudonymisedSchema(contract)]) {
        expect(() => avsc.Type.forSchema(schema as unknown as avsc.Schema)).not.toThrow()
      }
    },
  )

  it.each(contracts.map((contract) => [contract.feed, contract] as const))(
    '%s keeps no identity in its pseudonymised schema or table',
    (_feed, contract) => {
      const names = new Set([
        ...pseudonymisedSchema(contract).fields.map((field) => field.name),
        ...columnsOf(contract).map((column) => column.name),
      ])
      const identities = [
        'patient_ipp',
        'encounter_nda',
        'ins',
        'nir',
        'birth_family_name',
        'birth_given_names',
        'birth_date',
        'birth_place_insee',
      ]
      const removed = [
        ...identities,
        'used_family_name',
        'address_line',
        'postcode',
        'city',
        'phone',
        'email',
        'author_rpps',
        'registry_act',
      ]
      expect(removed.filter((name) => names.has(name))).toEqual([])
      // Of a text what its scrubbing leaves, and nothing else.
      const texts = contract.fields.filter(({ privacy }) => privacy.class === 'text')
      expect(texts.filter(({ privacy }) => privacy.action !== 'scrub')).toEqual([])
    },
  )

  it('derive tables that are created at once, and altered column by column', () => {
    for (const contract of contracts) {
      const columns = columnsOf(contract).map((column): [string, string] => [column.name, column.type])
      // A feed that says what a fact is has a second view, with every record.
      const views = contract.facts.length > 0 ? 2 : 1
      expect(tableStatements(contract, 'd', new Map())).toHaveLength(4 + views)
      // Nothing to change but the views.
      expect(tableStatements(contract, 'd', new Map(columns))).toHaveLength(3 + views)
      const name = `\`${columns[0]?.[0]}\``
      expect(tableStatements(contract, 'd', new Map(columns.slice(1)))[0]).toContain(`ADD COLUMN IF NOT EXISTS ${name}`)
      const narrow = tableStatements(contract, 'd', new Map([...columns.slice(1), [columns[0]?.[0] ?? '', 'Int8']]))
      expect(narrow[0]).toContain(`MODIFY COLUMN ${name} ${columns[0]?.[1]}`)
    }
  })
})

describe('a contract that is wrong', () => {
  it('names the field that lacks privacy: default deny', () => {
    expect(edited((json) => delete json.fields[4]?.privacy)).toEqual([
      "field 'ins': lacks 'privacy': a field without a privacy policy is never passed on",
    ])
  })

  it('reports everything at once', () => {
    const problems = edited((json) => {
      delete json.fields[0]?.privacy
      if (json.fields[4]) json.fields[4].type = 'bytes'
      if (json.fields[5]) json.fields[5].privacy = { class: 'direct', action: 'keep' }
      json.event_time = 'nothing'
      json.surprise = true
    })
    for (const expected of [
      "'record_id'",
      "field 'ins': type: must be string, int",
      "privacy class 'direct' allows",
      "'event_time' must name",
      "unknown key 'surprise'",
    ]) {
      expect(problems.join('\n')).toContain(expected)
    }
  })

  it.each([
    ['a direct identifier that is kept', { class: 'direct', action: 'keep' }, 'allows pseudonymise, tokenise, drop'],
    ['text that is kept', { class: 'text', action: 'keep' }, 'allows scrub, drop'],
    ['an unknown class', { class: 'secret', action: 'drop' }, 'must be one of'],
    ['a pseudonym without a domain', { class: 'direct', action: 'pseudonymise' }, "needs 'domain'"],
  ])('rejects %s', (_what, privacy, text) => {
    expect(edited((json) => void Object.assign(json.fields[4] ?? {}, { privacy })).join('\n')).toContain(text)
  })

  it('rejects a kept string that is long enough for a sentence', () => {
    const problems = edited(
      (json) =>
        void json.fields.push({
          name: 'x',
          type: 'string',
          doc: 'x',
          maxLength: 500,
          privacy: { class: 'none', action: 'keep' },
        }),
    )
    expect(problems.join('\n')).toContain('longer ones are text')
  })

  const rule = (more: object) => ({ id: 'a-rule', check: 'range', min: 0, severity: 'flag', ...more })
  it.each([
    [
      'a condition on a field that does not exist where the rule is checked',
      { when: { field: 'phone', equals: '1' } },
      'survive',
    ],
    ['a condition on no field', { when: { field: 'code_systm', equals: 'x' } }, 'does not exist'],
    ['a condition that no symbol meets', { when: { field: 'sex', equals: 'F' } }, "not a symbol of 'sex'"],
    ['a condition that is none', { when: 'sex' }, 'when: must be an object with field, equals'],
    ['an id that cannot be written in an outcome', { id: 'a=b' }, 'id: must be'],
    ['an id that two rules have', { id: 'ins-key' }, 'both called'],
    ['the name of a fault as id', { id: 'max-length' }, 'is the name of a fault that every feed has'],
  ])('rejects a rule with %s', (_what, more, text) => {
    const problems = edited((json) => void Object.assign(json.fields[1] ?? {}, { rules: [rule(more)] }))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(text)
  })

  it('rejects rules of the record with the id of another rule, or that compare values without an order', () => {
    const compare = {
      id: 'ins-key',
      check: 'compare',
      operator: '>=',
      severity: 'flag',
      left: 'sex',
      right: 'updated_at',
    }
    expect(edited((json) => void (json.rules = [compare])).toSorted()).toEqual([
      "rule 'ins-key': 'sex' is neither a number nor a time",
      "two rules are both called 'ins-key'",
    ])
  })

  it('rejects a stored name that is reserved', () => {
    const as = (json: Json) => void Object.assign(json.fields[3]?.privacy ?? {}, { as: '_deleted' })
    expect(edited(as).join()).toContain("field 'patient_ipp': privacy.as: must be letters")
  })

  it('says where it stops being JSON, and repeats nothing of it', () => {
    const said = (text: string) => parseContract('patient', text)
    expect(said('{\n  "name": "Secret" "doc"\n}')).toEqual({
      ok: false,
      problems: ['it is not JSON: line 2, column 20'],
    })
    expect(said('{\n  "name": ')).toEqual({ ok: false, problems: ['it is not JSON: line 2, column 11'] })
  })
  it('is rejected when it is not JSON', () => {
    const result = parseContract('patient', '{')
    expect(result.ok).toBe(false)
  })
})
