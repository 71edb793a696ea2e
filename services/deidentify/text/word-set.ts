/** Words that a rule knows, as the hashes that tokens have. */
import { hashFolded } from './characters.ts'

/** @param words folded, with a space between @returns their hashes */
export const setOf = (words: string): ReadonlySet<number> => new Set(words.split(' ').map((word) => hashFolded(word)))
