/**
 * Makes `services/core/policies/postcode-populations.txt` from the communes of France: `node deploy/supply/populations.ts COMMUNES_JSON`, the file
 * `data/communes.json` of @etalab/decoupage-administratif (deploy/DEPENDENCIES.md names its version and licence).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Commune {
  readonly code: string
  readonly type: string
  readonly population?: number
  readonly codesPostaux?: readonly string[]
  /** Of an arrondissement, the commune that it is a part of. */
  readonly commune?: string
}

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('the file of communes is missing')
const all = JSON.parse(readFileSync(path, 'utf8')) as readonly Commune[]
const divided = new Set(all.filter(({ type }) => type === 'arrondissement-municipal').map(({ commune }) => commune))
const populations = new Map<string, number>()
for (const { code, codesPostaux = [], population = 0, type } of all) {
  // Paris, Lyon and Marseille are counted by their arrondissements.
  const counted = type === 'arrondissement-municipal' || (type === 'commune-actuelle' && !divided.has(code))
  if (!counted) continue
  // Of a commune with several postcodes it is not known how many persons live in each.
  for (const postcode of codesPostaux)
    populations.set(postcode, (populations.get(postcode) ?? 0) + population / codesPostaux.length)
}
const lines = [...populations]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, persons]) => `${code} ${Math.floor(persons)}`)
writeFileSync(
  join(import.meta.dirname, '../../services/core/policies/postcode-populations.txt'),
  `${lines.join('\n')}\n`,
)
