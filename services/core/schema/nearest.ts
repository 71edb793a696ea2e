/** "Did you mean": the known word that a person most likely wanted to write. */
import { distance } from 'fastest-levenshtein'

/** More wrong letters than this make another word, however long it is. */
const MAX_WRONG_LETTERS = 3

/**
 * @returns the known word nearest to `word`, or undefined when none is near: at most one wrong letter in three. Case does not
 *   count, and letters in another order (`sa` for `as`) count as one wrong letter.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const allowed = Math.min(MAX_WRONG_LETTERS, Math.max(1, Math.floor(word.length / 3)))
  let best: string | undefined
  let bestWrong = allowed + 1
  for (const candidate of known) {
    const wrong = wrongLetters(word.toLowerCase(), candidate.toLowerCase())
    if (wrong >= bestWrong) continue
    best = candidate
    bestWrong = wrong
  }
  return best
}

/** @returns `; did you mean 'x'?`, or nothing when no known word is near */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? '' : `; did you mean '${near}'?`
}

function wrongLetters(a: string, b: string): number {
  const sorted = (text: string) => text.split('').toSorted().join('')
  return a !== b && sorted(a) === sorted(b) ? 1 : distance(a, b)
}
