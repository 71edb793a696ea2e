/** Normal forms of identity traits, so that two spellings of one person's traits have the same token. */

/** Names: no accents, no case, ligatures and apostrophes resolved, only letters A to Z; particles are kept. */
export function normaliseName(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll('Œ', 'OE')
    .replaceAll('Æ', 'AE')
    .replaceAll('Ø', 'O')
    .replaceAll('Ł', 'L')
    .replaceAll('Đ', 'D')
    .replace(/[^A-Z]/g, '')
}

/** The first given name: hospitals disagree on how many they record. `Jean-Pierre` is one name, `Jean Pierre` and `Jean, Pierre` two. */
export function firstGivenName(text: string): string {
  return normaliseName(text.trim().split(/[\s,;]+/)[0] ?? '')
}

/** INS and NIR: spaces and points removed, letters upper case. */
export function normaliseNir(text: string): string {
  return text.replace(/[\s.]/g, '').toUpperCase()
}
