/** Communes of France by their weight. */
import { type Commune, COMMUNES as ENTRIES } from '#core/people/communes.ts'
import { weighted } from '../random.ts'

export type { Commune }

export const COMMUNES = weighted<Commune>(ENTRIES)

/** @returns communes with their own hospitals, largest first */
export const HOSPITAL_TOWNS: readonly Commune[] = ENTRIES.toSorted((a, b) => b[1] - a[1])
  .map(([commune]) => commune)
  .filter(({ name }) => !name.includes('Arrondissement'))
