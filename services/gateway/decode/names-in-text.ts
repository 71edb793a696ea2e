/** Names that are only looked for in the texts of a record, as its contract wants them: one a line. */

/** Of `patient_other_names` and `professional_names`: a message may name more people than a text could have. */
const MOST_CHARACTERS = 1024

/** @returns the names, each once, as many as a field may have; null when there is none */
export function namesByLine(names: readonly (string | undefined)[]): string | null {
  let lines = ''
  for (const name of new Set(names)) {
    const line = name?.trim() ?? ''
    if (/\p{L}/u.test(line) && lines.length + 1 + line.length <= MOST_CHARACTERS) lines += `${lines && '\n'}${line}`
  }
  return lines || null
}

/** @param said the names that have a field of their own @returns as `namesByLine`, those with a word that no other field has */
export function otherNames(names: readonly (string | undefined)[], said: readonly (string | null)[]): string | null {
  const known = new Set(said.flatMap((name) => wordsOf(name ?? '')))
  return namesByLine(names.filter((name) => wordsOf(name ?? '').some((word) => !known.has(word))))
}

const wordsOf = (name: string): readonly string[] => name.toLowerCase().split(/\s+/).filter(Boolean)
