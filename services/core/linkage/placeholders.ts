/** What a desk writes when it does not know a name. It is no trait: two people with it have nothing in common. */

const UNKNOWN =
  /^(X+|Z{3,}|N ?A ?N|N\/A|\?+|-+|\.+|INCONNUE?|UNKNOWN|ANONYME|ANONYMOUS|SANS ?(NOM|PRENOM)?|NON ?(RENSEIGNEE?|COMMUNIQUEE?|CONNUE?)|NEANT|NONE|NULL|NOM|PRENOM|NR|NC|ND|TEST)$/
/** A newborn before its name is given. */
const NEWBORN =
  /^(BEBE|BB|BABY|NEWBORN|NEW BORN|NOUVEAU ?NEE?|N ?N|NN|ENFANT|GARCON|FILLE|JUMEAU|JUMELLE|INFANT|MALE INFANT|FEMALE INFANT)( ?(GARCON|FILLE|BOY|GIRL|MALE|FEMALE|OF|DE|[A-D]|[0-9]|I{1,3}|NEE?|JUMEAU|JUMELLE).*)?$/

/** @param text upper case, without accents and hyphens */
export function isUnknown(text: string): boolean {
  return UNKNOWN.test(text)
}

/** @param text upper case, without accents and hyphens */
export function isNewborn(text: string): boolean {
  return NEWBORN.test(text)
}
