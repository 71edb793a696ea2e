/**
 * `--identities DIR`: registrations alone, with the truth, to measure the linkage (`chainon link evaluate DIR`): `a.csv`, `links.csv`
 * (all pairs of one person), `kin.csv` (pairs of two people who are easily taken for one, and why) and `fields.json`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IDENTITY_COLUMNS, type IdentitySet } from '../identities.ts'

export function writeIdentities(dir: string, { rows, links, kin }: IdentitySet): void {
  mkdirSync(dir, { recursive: true })
  const write = (name: string, head: readonly string[], lines: readonly (readonly string[])[]) =>
    writeFileSync(join(dir, name), `${[head, ...lines].map((line) => line.map(cell).join(',')).join('\n')}\n`)
  write('a.csv', IDENTITY_COLUMNS, rows)
  write('links.csv', ['id_a', 'id_b'], links)
  write('kin.csv', ['id_a', 'id_b', 'kind'], kin)
  const traits = Object.fromEntries(TRAIT_COLUMNS)
  writeFileSync(
    join(dir, 'fields.json'),
    `${JSON.stringify({ id: 'record_id', traits, formats: { birth_date: 'YYYY-MM-DD' } }, null, 2)}\n`,
  )
}

/** Trait of the linkage, and its column. */
export const TRAIT_COLUMNS = [
  ['national_id', 'nir'],
  ['family_name', 'used_family_name'],
  ['birth_name', 'birth_family_name'],
  ['given_name', 'birth_given_names'],
  ['birth_date', 'birth_date'],
  ['sex', 'sex'],
  ['birth_place', 'birth_place_insee'],
  ['street', 'address_line'],
  ['city', 'city'],
  ['postcode', 'postcode'],
  ['phone', 'phone'],
  ['email', 'email'],
] as const

const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
