/** What a desk writes when it does not know a name. It is no trait: two people with it have nothing in common. */

const UNKNOWN =
  /^(X+|Z{3,}|N ?A ?N|N\/A|\?+|-+|\.+|INCONNUE?|UNKNOWN|ANONYME|ANONYMOUS|SANS ?(NOM|PRENOM)?|NON ?(RENSEIGNEE?|COMMUNIQUEE?|CONNUE?)|NEANT|NONE|NULL|NOM|PRENOM|NR|NC|ND|TEST)$/
/** A newborn before its name is given, in the languages of some countries: alone, with what tells twins apart, or as the child of its mother. */
const CHILD =
  'BEBE|BB|BABY|NEWBORN|NEW BORN|NEONATE?|NEONAT[OA]|NOUVEAU ?NEE?|N ?N|NNE?|ENFANT|INFANT|CHILD|GARCON|FILLE|BOY|GIRL|JUMEAU|JUMELLE|TWIN|TRIPLET' +
  '|(?:MALE|FEMALE) INFANT|NEUGEBORENE[RS]?|RECIEN NACID[OA]|RECEM NASCID[OA]|RN|PASGEBORENE?'
const WHICH =
  ' ?(?:GARCON|FILLE|BOY|GIRL|MALE|FEMALE|MASCULIN|FEMININ|JUMEAU|JUMELLE|TWIN|NEE?|I{1,3}|[0-9]+)| (?:OF|DE|DU|D|ONE|TWO|[A-D])'
const OF = '(?:FILS|FILLE|SON|DAUGHTER|HIJ[OA]|FILH[OA]|FIGLI[OA]) (?:OF|DE|DU|DI|D) .+|(?:FILS|FILLE) D.+|[BGSD]/O .+'
const NEWBORN = new RegExp(`^(?:(?:${CHILD})(?:(?:${WHICH})\\b.*)?|${OF})$`)

/** What a ward writes as well when the family is known. */
const UNNAMED = /^(X+|INCONNUE?|UNKNOWN|SANS ?PRENOM|NO ?NAME|UNNAMED|NON ?NOMMEE?)$/

/** @param text upper case, without accents and hyphens */
export function isUnknown(text: string): boolean {
  return UNKNOWN.test(text)
}

/** @param text upper case, without accents and hyphens @param family whether the family name is known */
export function isNewborn(text: string, family: boolean): boolean {
  return NEWBORN.test(text) || (family && UNNAMED.test(text))
}
