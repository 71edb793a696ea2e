/** The statements of a rotation, and what the log gives for them. What they do in ClickHouse: test/integration/link-rebuild.test.ts. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Decoder } from '#core/avro/registry.ts'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { NOT_WRAPPED } from '#core/crypto/pseudonym-wrap.ts'
import { lineageOf } from '../../../../services/curate/rotate/lineage.ts'
import { mappingsOf } from '../../../../services/curate/rotate/map-log.ts'
import { copyStatement, factsQueries, notOfVersion } from '../../../../services/curate/rotate/statements.ts'

const contracts = loadContracts('schemas/feeds')
const tableOf = (name: string) => {
  const found = lineageOf(contracts).find(({ table }) => table === name)
  return found ?? expect.unreachable(name)
}

describe('copyStatement', () => {
  it('takes every column in its order, and joins the map once for each pseudonym', () => {
    const text = copyStatement(tableOf('feed_observation'), ['record_id', 'patient_id', 'encounter_id', 'code'])
    expect(text).toContain('(`record_id`, `patient_id`, `encounter_id`, `code`)')
    expect(text).toContain('t.`code`\nFROM `feed_observation` AS t')
    expect(text.match(/LEFT ANY JOIN/g)).toHaveLength(tableOf('feed_observation').columns.length)
    expect(text).toContain("WHERE domain = 'encounter'")
  })

  it('has no secret and no value', () => {
    for (const table of lineageOf(contracts))
      expect(copyStatement(table, ['a'])).not.toMatch(/p[12]_[\w-]{10}|[0-9a-f]{32}/)
  })

  it('computes the hash of a record of the witness, and its first bytes, of the new pseudonym', () => {
    const text = copyStatement(tableOf('record_loaded'), ['feed', 'prefix', 'record', 'version'])
    expect(text).toContain('cityHash64(m0.new)')
    expect(text).toContain('toFixedString(substring(m0.new, 1, 6), 6)')
    expect(text).toContain('t.`record` = m0.hash AND t.`prefix` = m0.prefix')
  })
})

describe('notOfVersion', () => {
  const digest = 'A'.repeat(43)
  const patternOf = (text: string) => new RegExp(/'(\^[^']*)'/.exec(text)?.[1] ?? '')
  it.each([
    [1, `p2_${digest}`, true],
    [1, `p2_${digest}_k2`, false],
    [2, `p2_${digest}_k2`, true],
    [2, `p2_${digest}`, false],
    [2, `p2_${digest}_k20`, false],
    [2, '', false],
  ])('version %i and %s: %s', (version, value, same) => {
    const text = notOfVersion({ form: 'pseudonym', column: 'patient_id', domain: 'patient' }, version)
    expect(patternOf(text).test(value)).toBe(same)
  })
})

describe('factsQueries', () => {
  it('compares what is in force of a table that forgets superseded rows, and only what does not expire of one with an end', () => {
    const loaded = factsQueries(tableOf('feed_patient'), 'rotation_feed_patient', ['record_id', 'patient_id', 'sex'], 0)
    expect(loaded[0]).toContain('tuple(`sex`))))) AS `the other columns` FROM `rotation_feed_patient` FINAL')
    expect(loaded.at(-1)).toContain('max(`_version`)')
    const [origins] = factsQueries(tableOf('record_origin'), 'record_origin', ['feed', 'prefix', 'record'], 1_000_000)
    expect(origins).toContain('WHERE toUnixTimestamp(received_at) > 481600')
  })
})

describe('mappingsOf', () => {
  const observation = contracts.find(({ feed }) => feed === 'observation') ?? expect.unreachable()
  const from = pseudonymiser(2, randomBytes(32))
  const to = pseudonymiser(2, randomBytes(32), 2)
  const records: readonly ({ name: string; record: Record<string, unknown> } | undefined)[] = [
    { name: 'Record', record: { record_id: 'p1_r', patient_id: 'p1_p', encounter_id: null } },
    { name: 'Record', record: { record_id: 'p1_s', patient_id: 'p1_p', encounter_id: 'p1_p' } },
    undefined,
  ]
  const decoder = { decode: (value: Buffer | null) => records[Number(value)] } as unknown as Decoder

  it('gives each pair of a domain once, nothing for null or what cannot be read, and the version in the value', () => {
    const found = mappingsOf(
      { contract: observation, decoder },
      [0, 1, 2].map((n) => ({ value: Buffer.from(`${n}`) })),
      { from, to, wrap: NOT_WRAPPED },
    )
    expect(found.map(([domain]) => domain).toSorted()).toEqual(['encounter', 'patient', 'record', 'record'])
    for (const [domain, before, after] of found) {
      expect(before).toMatch(/^p2_[\w-]{43}$/)
      expect(after).toMatch(/^p2_[\w-]{43}_k2$/)
      const first = ['p1_r', 'p1_s', 'p1_p'].find((one) => from.pseudonym(domain, one) === before)
      expect(to.pseudonym(domain, first ?? '')).toBe(after)
    }
  })
})
