/**
 * Soundex (R. C. Russell, US patent 1261167, 1918; the rule for H and W of the US census), for blocking only. Its first letter is
 * replaced by the one that French and English spellings of the sound share (Ph and F, K and C, no silent H), so that an error in the
 * first letter loses less.
 */

const CODES: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('BFPVCGJKQSXZDTLMNR', (letter, at) => [letter, '111122222222334556'[at] ?? '']),
)
const FIRST: Readonly<Record<string, string>> = { K: 'C', Q: 'C', Y: 'I', W: 'V', Z: 'S', J: 'G' }

/** @param name letters A to Z @returns a letter and three digits; empty for an empty name */
export function phoneticCode(name: string): string {
  const text = name.replace(/^PH/, 'F').replace(/^H(?=.)/, '')
  const first = text[0]
  if (first === undefined) return ''
  let code = FIRST[first] ?? first
  let last = CODES[first] ?? ''
  for (let i = 1; i < text.length && code.length < 4; i++) {
    const letter = text[i] ?? ''
    const digit = CODES[letter] ?? ''
    if (digit !== '' && digit !== last) code += digit
    if (letter !== 'H' && letter !== 'W') last = digit
  }
  return code.padEnd(4, '0')
}
