/** Drawing from lists, invented words, and how words are written. */

export interface Random {
  /** @returns an integer from 0 to below n */
  below(n: number): number
}
export type Slot = (random: Random) => string

export const pick = <T>(r: Random, list: readonly T[]): T => list[r.below(list.length)] as T

export const letter = (r: Random): string => String.fromCharCode(65 + r.below(26))

/** A house with a name in the place of a street: the lists of words have patterns with `*` for a name. */
export const house = (r: Random, name: string, form: string): string =>
  form.replace('*', name).replace('#', String(1 + r.below(60)))

/** CBNPC, HFrEF, LFTs: scores, tests, diseases that no list has. Some are words of small letters with capitals inside. */
export function abbreviation(r: Random): string {
  const letters = Array.from({ length: 2 + r.below(5) }, () => letter(r)).join('')
  const dice = r.below(12)
  if (dice === 0) return `${letters}s`
  if (dice === 1) return letters.slice(0, 2) + letters.slice(2, 3).toLowerCase() + letters.slice(1)
  if (dice === 2) return `${letters}${1 + r.below(9)}`
  if (dice === 3) return `${letters}-${letter(r)}`
  return letters
}

const SYLLABLES =
  'ba be bi bo bra ca che cla co da de do dra du fa fe fi fra ga gau ge go gri ha he hou ja je jo ka ke ki kou la le li lo ma me mi mo mou na ne no nou pa pe pi po pou ra re ri ro rou sa se si so sou ta te ti to tou tra va ve vi vo xa ya za zi'.split(
    ' ',
  )
const ENDINGS =
  'n r s t l ux ier eau in ot et ski ez ic man son ard aud el and oux is a i o ov ini etti ley ton er z'.split(' ')

export function invented(r: Random): string {
  let name = ''
  for (let i = 1 + r.below(3); i >= 0; i--) name += SYLLABLES[r.below(SYLLABLES.length)]
  return capital(name + ENDINGS[r.below(ENDINGS.length)])
}

const DRUG_ENDINGS = 'mab nib ine ol azole pril artan statine mycine cilline amide one ate ium vir parine dipine'.split(
  ' ',
)
export function drug(r: Random): string {
  let name = ''
  for (let i = 1 + r.below(2); i >= 0; i--) name += SYLLABLES[r.below(SYLLABLES.length)]
  return name + DRUG_ENDINGS[r.below(DRUG_ENDINGS.length)]
}

export function typo(r: Random, name: string): string {
  const at = 1 + r.below(Math.max(1, name.length - 2))
  const dice = r.below(3)
  if (dice === 0) return name.slice(0, at) + name.slice(at + 1)
  if (dice === 1) return name.slice(0, at) + name[at] + name.slice(at)
  return name.slice(0, at) + (name[at + 1] ?? '') + (name[at] ?? '') + name.slice(at + 2)
}

export const capital = (word: string): string =>
  /^[\p{Ll}]/u.test(word) ? word.slice(0, 1).toUpperCase() + word.slice(1) : word
export const cased = (r: Random, word: string): string =>
  r.below(5) === 0 ? capital(word) : r.below(20) === 0 ? word.toUpperCase() : word
export const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w.-]/g, '')
    .toLowerCase()
