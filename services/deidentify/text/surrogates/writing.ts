/** How a surrogate is written: as what it replaces. */

/** @returns the value in capitals, in small letters or as it is, and without accents where the model is in one case and has none */
export function inWritingOf(model: string, value: string): string {
  const letters = model.replace(/\P{L}/gu, '')
  const isPlain = !/\p{M}/u.test(letters.normalize('NFD'))
  if (letters === letters.toLowerCase()) return (isPlain ? bare(value) : value).toLowerCase()
  if (letters.length > 1 && letters === letters.toUpperCase()) return (isPlain ? bare(value) : value).toUpperCase()
  const first = letters.charAt(0)
  return first === first.toUpperCase() ? value.charAt(0).toUpperCase() + value.slice(1) : value
}

/** @returns the value without accents and ligatures */
export const bare = (value: string): string =>
  value
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
    .replaceAll('Œ', 'Oe')
    .replaceAll('Æ', 'Ae')
