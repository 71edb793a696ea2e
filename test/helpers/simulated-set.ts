/** A simulated set of registrations as a data set for the linkage, with its truth. */
import type { DataSet } from '../../services/linker/evaluate/data-set.ts'
import { IDENTITY_COLUMNS, identitySet } from '../../services/synthetic/identities.ts'
import { TRAIT_COLUMNS } from '../../services/synthetic/output/identities.ts'

/** @param without traits that are left out */
export function simulatedSet(records: number, without: readonly string[] = []): DataSet {
  const { rows, links, kin } = identitySet({
    seed: 5,
    records,
    rates: { typo: 0.06, missing: 0.1, swap: 0.02 },
    startMs: Date.UTC(2023, 6, 1),
  })
  const number = new Map(rows.map(([id = ''], at) => [id, at]))
  const at = (id: string) => number.get(id) as number
  const columns = TRAIT_COLUMNS.filter(([trait]) => !without.includes(trait)).map(
    ([trait, column]) => [trait, IDENTITY_COLUMNS.indexOf(column)] as const,
  )
  return {
    traits: new Set(columns.map(([trait]) => trait)),
    dates: 'YYYY-MM-DD',
    completeness: {},
    notes: [],
    sources: 1,
    ids: rows.map(([id = '']) => id),
    sourceOf: new Uint8Array(rows.length),
    record: (n) => Object.fromEntries(columns.map(([trait, column]) => [trait, rows[n]?.[column] ?? ''])),
    links: links.map(([a, b]) => [at(a), at(b)] as const),
    kin: kin.map(([a, b, kind]) => [at(a), at(b), kind] as const),
  }
}
