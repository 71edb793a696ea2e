/**
 * Generalises a French postcode to an area with enough inhabitants: the postcode itself, or all that begin like it and are no area of their own, or
 * what is left of its department. Populations: INSEE's, by postcode (`deploy/supply/populations.ts`).
 */
import { readFileSync } from 'node:fs'
import { departmentOf } from './department.ts'

const LONGEST = 5
/** Shorter than three digits is the department. */
const SHORTEST = 3

interface Area {
  readonly postcodes: readonly string[]
  readonly population: number
}

const EMPTY: Area = { postcodes: [], population: 0 }
const areas = new Map<number, ReadonlyMap<string, string>>()

/**
 * @param floor inhabitants of the smallest area
 * @returns a function to `69-69003`, `69-690` or `69`: the department, and how the area's postcodes begin; null for what is no postcode of a
 *   commune (CEDEX), and for a department that has fewer inhabitants as a whole
 */
export function areaOf(floor: number): (postcode: string) => string | null {
  const known = areas.get(floor) ?? areasOf(readPopulations(), floor)
  areas.set(floor, known)
  return (postcode) => known.get(postcode.trim()) ?? null
}

/**
 * @param populations by postcode
 * @returns the area of each postcode; none of them has fewer inhabitants than the floor, and each postcode is in one
 */
export function areasOf(populations: ReadonlyMap<string, number>, floor: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [department, all] of Map.groupBy(populations.keys(), (code) => departmentOf(code) ?? '')) {
    if (department === '') continue
    const made: (Area & { name: string })[] = []
    const rest = divide(all, populations, floor, SHORTEST - 1, (area, prefix) =>
      made.push({ ...area, name: prefix.length < SHORTEST ? department : `${department}-${prefix}` }),
    )
    for (const { name, postcodes } of made) for (const postcode of postcodes) found.set(postcode, name)
    if (rest.postcodes.length === 0) continue
    // Too few are left over: they are one area with the smallest one, which loses its own.
    const smallest = made.toSorted((a, b) => a.population - b.population)[0]
    if (smallest) for (const postcode of [...smallest.postcodes, ...rest.postcodes]) found.set(postcode, department)
  }
  return found
}

/** @returns the postcodes that are in no area yet, with fewer inhabitants than the floor */
function divide(
  postcodes: readonly string[],
  populations: ReadonlyMap<string, number>,
  floor: number,
  length: number,
  make: (area: Area, prefix: string) => void,
): Area {
  const [first = ''] = postcodes
  const parts =
    length === LONGEST
      ? [{ postcodes, population: populations.get(first) ?? 0 }]
      : [...Map.groupBy(postcodes, (code) => code.slice(0, length + 1)).values()].map((part) =>
          divide(part, populations, floor, length + 1, make),
        )
  const rest = parts.reduce(
    (sum, part) => ({
      postcodes: [...sum.postcodes, ...part.postcodes],
      population: sum.population + part.population,
    }),
    EMPTY,
  )
  if (rest.postcodes.length === 0 || rest.population < floor) return rest
  make(rest, first.slice(0, length))
  return EMPTY
}

function readPopulations(): ReadonlyMap<string, number> {
  const lines = readFileSync(new URL('postcode-populations.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  return new Map(lines.map((line) => [line.slice(0, LONGEST), Number(line.slice(LONGEST + 1))]))
}
