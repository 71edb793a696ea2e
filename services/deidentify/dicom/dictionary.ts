/** The data elements of the standard (PS3.6) and what the basic profile does with them (PS3.15, E.1), from the two tables beside this file. */
import { readFileSync } from 'node:fs'

/** Z: without a value. D: a value that says nothing. U: another UID, always the same. X: removed. Two: which one, the kind of object decides. */
export type Action = 'X' | 'Z' | 'D' | 'U' | 'X/Z' | 'X/D' | 'Z/D' | 'X/Z/D' | 'X/Z/U*'

const representations = tableOf('dictionary.txt')
const profile = tableOf('profile.txt')
const actions: ReadonlyMap<number, Action> = new Map(
  [...profile].flatMap(([tag, names]) => names.flatMap((name) => (name === 'C' ? [] : [[tag, name as Action]]))),
)

/** @returns `US`, or `US|SS` for an element with a choice; undefined for one that the standard does not have */
export function vrOf(tag: number): string | undefined {
  return representations.get(tag)?.[0]
}

/** @returns what the profile does with an element; undefined for one that it does not name */
export function actionOf(tag: number): Action | undefined {
  return actions.get(tag)
}

/** @returns whether it is a date or time that stays, moved, with modified longitudinal dates */
export function isLongitudinal(tag: number): boolean {
  return profile.get(tag)?.includes('C') ?? false
}

/** Lines of a name and tags. */
function tableOf(file: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>()
  for (const line of readFileSync(new URL(file, import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [name = '', ...tags] = line.split(' ')
    for (const text of tags) {
      const tag = Number.parseInt(text, 16)
      const known = found.get(tag)
      if (known) known.push(name)
      else found.set(tag, [name])
    }
  }
  return found
}
