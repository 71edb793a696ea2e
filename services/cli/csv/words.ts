/** Values that exports write for the symbols of an enum or for a boolean, in French and in English. */
import type { FieldContract } from '#core/contract/types.ts'
import { fold } from './names.ts'

const SYMBOLS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  sex: {
    male: ['m', 'h', '1', 'masculin', 'homme', 'male', 'man'],
    female: ['f', '2', 'feminin', 'femme', 'female', 'woman'],
    other: ['autre', 'other', 'o', 'a'],
    unknown: ['i', 'u', 'inconnu', 'indetermine', 'unknown', 'nr', 'ind'],
  },
  operation: {
    upsert: ['u', 'i', 'maj', 'creation', 'modification', 'insert', 'update'],
    cancel: ['d', 'annulation', 'suppression', 'delete', 'annule'],
  },
  kind: {
    inpatient: ['hc', 'hospitalisation', 'hospitalisation complete', 'hospit', 'hosp'],
    outpatient: ['consultation', 'cs', 'externe', 'consult', 'acte externe'],
    emergency: ['urgence', 'urgences', 'urg', 'sau'],
    day_hospital: ['hdj', 'hj', 'hopital de jour', 'ambulatoire', 'hospitalisation de jour'],
    home: ['had', 'domicile'],
    principal: ['dp', 'diagnostic principal', 'primary'],
    related: ['dr', 'diagnostic relie', 'relie'],
    associated: ['das', 'dad', 'diagnostic associe', 'associe', 'secondaire', 'secondary'],
    problem: ['antecedent', 'probleme'],
    request: ['prescription', 'p', 'demande', 'ordonnance', 'order'],
    administration: ['a', 'administre', 'adm'],
    dispense: ['d', 'dispensation', 'delivrance'],
  },
  status: {
    final: ['valide', 'v', 'f', 'definitif', 'validated'],
    preliminary: ['p', 'provisoire', 'partiel'],
    corrected: ['c', 'corrige', 'rectifie'],
    cancelled: ['annule', 'x', 'canceled'],
    completed: ['realise', 'termine', 'done', 'fait'],
    finished: ['clos', 'termine', 'sorti', 'closed'],
    in_progress: ['en cours', 'ouvert', 'open'],
    planned: ['prevu', 'planifie', 'programme'],
    not_done: ['non realise', 'non fait'],
    stopped: ['arrete'],
    active: ['actif'],
  },
  code_system: {
    cim10: ['cim 10', 'cim-10', 'icd10', 'icd-10'],
    snomed: ['snomed ct', 'sct'],
    ccam: ['ccam'],
    nabm: ['nabm'],
    loinc: ['ln'],
    cip: ['cip13', 'cip7'],
    ucd: ['ucd13', 'ucd7'],
  },
}
const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['oui', 'o', 'yes', 'y', '1', 'vrai', 'true', 'x', 't'].map((word) => [word, true])),
  ...Object.fromEntries(['non', 'n', 'no', '0', 'faux', 'false', 'f'].map((word) => [word, false])),
}

export interface Translation {
  /** What is written, and its value; empty where the values are those of the feed already. */
  readonly values: Readonly<Record<string, string | boolean>>
  /** How many different values have none. */
  readonly untranslated: number
}

/** @param written different values of a column */
export function translate(field: FieldContract, written: Iterable<string>): Translation {
  const known = new Map<string, string | boolean>()
  if (field.kind === 'boolean') for (const [word, value] of Object.entries(BOOLEANS)) known.set(word, value)
  for (const symbol of field.symbols) {
    for (const word of [fold(symbol), fold(symbol).replaceAll('_', ' '), ...(SYMBOLS[field.name]?.[symbol] ?? [])])
      if (!known.has(word)) known.set(word, symbol)
  }
  const values: Record<string, string | boolean> = {}
  let untranslated = 0
  let same = true
  for (const text of written) {
    const value = known.get(fold(text.trim()))
    if (value === undefined) untranslated++
    else values[text] = value
    if (String(value) !== text) same = false
  }
  return { values: same ? {} : values, untranslated }
}
