/** Surrogates of towns, postcodes, addresses and hospitals. A town and its postcode are drawn apart: they need not be of one place. */
import { COMMUNES } from '#core/people/communes.ts'
import { STREETS } from '#core/people/streets.ts'
import { fold } from '../characters.ts'
import type { Language } from '../types.ts'
import type { Keyed } from './keyed.ts'
import { namesFor } from './names-of-people.ts'
import { inWritingOf } from './writing.ts'

/** @returns whether a candidate is neither what stood there nor a trait of this patient */
export type Accepts = (candidate: string) => boolean

const TOWNS: Readonly<Record<Language, readonly string[]>> = {
  fr: [...new Set(COMMUNES.map(([{ name }]) => name.replace(/ \d+er? .*| \d+e .*/, '')))],
  en: 'Ashford Barnsley Bedford Bristol Burlington Cambridge Carlisle Chester Clayton Concord Coventry Darlington Dayton Dover Durham Eugene Exeter Fairfield Fremont Georgetown Glendale Greenville Halifax Hamilton Hartford Hastings Ipswich Jackson Kendal Kingston Lancaster Lexington Lincoln Madison Manchester Milford Newport Norwich Oxford Peoria Plymouth Preston Reading Richmond Salem Salisbury Shrewsbury Springfield Stafford Swindon Taunton Torrance Trenton Tulsa Wakefield Warwick Winchester Worcester York'.split(
    ' ',
  ),
}
const STATES =
  'AL AZ AR CO CT DE FL GA IA ID IL IN KS KY LA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY'.split(
    ' ',
  )
const STREETS_EN =
  'Acorn Alder Beacon Birch Bramble Briar Cedar Chapel Chestnut Cobbler Dogwood Elm Fern Foxglove Granary Hawthorn Hazel Holly Juniper Larch Laurel Linden Maple Meadow Mulberry Orchard Poplar Quarry Rowan Sycamore Thistle Walnut Willow'.split(
    ' ',
  )
const CEDEX = /[ ,]+cedex(?: \d{1,2})?$/i
const STATE = /^[A-Z]{2}$/

export function townSurrogate(written: string, language: Language, keyed: Keyed, accepts: Accepts): string | undefined {
  if (STATE.test(written)) return keyed.pick(STATES, 'state', written, accepts)
  const tail = CEDEX.exec(written)?.[0] ?? ''
  const own = written.slice(0, written.length - tail.length)
  const value = compact(own).replace(/^st(?=e?[a-z])/, 'saint')
  const town = keyed.pick(TOWNS[language], 'city', value, accepts)
  return town === undefined ? undefined : `${inWritingOf(own, town)}${tail}`
}

const FRENCH_POSTCODE = /^\d{2} ?\d{3}$/
const POSTCODES = [...new Set(COMMUNES.map(([{ postcode }]) => postcode))]

/** Of France a postcode of another commune; another form has other figures and letters in the same places. */
export function postcodeSurrogate(
  written: string,
  language: Language,
  keyed: Keyed,
  accepts: Accepts,
): string | undefined {
  const value = compact(written)
  if (language === 'fr' && FRENCH_POSTCODE.test(written)) {
    const code = keyed.pick(POSTCODES, 'postcode', value, accepts)
    return code === undefined ? undefined : written.includes(' ') ? `${code.slice(0, 2)} ${code.slice(2)}` : code
  }
  return keyed.pick(
    Array.from({ length: 12 }, (_, attempt) => sameForm(written, value, keyed, attempt)),
    'form',
    value,
    accepts,
  )
}

function sameForm(written: string, value: string, keyed: Keyed, attempt: number): string {
  let at = 0
  return written.replace(/[\p{L}\d]/gu, (char) => {
    const place = `${at++} ${value}`
    if (/\d/.test(char)) return String(keyed.below(10, 'postcode', place, attempt))
    return inWritingOf(char, String.fromCharCode(97 + keyed.below(26, 'postcode', place, attempt)))
  })
}

const HOUSE = /^\s*\d{1,5}(?:\s?[-/]\s?\d{1,5})?/
/** What may stand after the number of a house. */
const AFTER_HOUSE = /^(?:\s?(?:bis|ter|quater|[a-d])(?![\p{L}\d]))?[\s,]*/iu
const WAY =
  /(?<![\p{L}\d])(?:rue|r\.|avenue|av\.?|ave\.?|boulevard|boul\.?|bd\.?|blvd\.?|place|pl\.?|chemin|ch\.?|allées?|all\.?|impasse|imp\.?|route|rte\.?|quai|square|sq\.?|cours|passage|ruelle|faubourg|fbg\.?|résidence|residence|lotissement|hameau|lieu-dit|lieudit|cité|villa)(?![\p{L}\d])/giu
const ENGLISH_WAY =
  /(?<![\p{L}\d])(?:street|st\.?|avenue|ave\.?|road|rd\.?|drive|dr\.?|lane|ln\.?|court|ct\.?|boulevard|blvd\.?|way|place|terrace|parkway|circle|highway|hwy|close|crescent|gardens|grove|mews|walk|hill|row)(?![\p{L}\d])/giu
const LARGEST_HOUSE = 120

/** Number and name are other ones; the word for the way stays. What stands after the name (floor, door) is left out. */
export function addressSurrogate(
  written: string,
  language: Language,
  keyed: Keyed,
  accepts: Accepts,
): string | undefined {
  const value = compact(written)
  const house = HOUSE.exec(written)?.[0] ?? ''
  const gap = house === '' ? '' : (AFTER_HOUSE.exec(written.slice(house.length))?.[0] ?? ' ')
  const number =
    house === ''
      ? ''
      : `${keyed.pick(
          Array.from({ length: LARGEST_HOUSE }, (_, i) => String(i + 1)),
          'house',
          value,
          (one) => one !== house.trim(),
        )}${gap.includes(',') ? ', ' : ' '}`
  const names = language === 'fr' ? STREETS : STREETS_EN
  const street = keyed.pick(names, 'street', value, accepts)
  if (street === undefined) return undefined
  const rest = written.slice(house.length)
  const isOneCase = rest === rest.toUpperCase() || rest === rest.toLowerCase()
  const name = isOneCase ? inWritingOf(rest, street) : street
  if (language === 'en') return `${number}${name} ${rest.match(ENGLISH_WAY)?.at(-1) ?? inWritingOf(rest, 'House')}`
  return `${number}${rest.match(WAY)?.[0] ?? inWritingOf(rest, 'Résidence')} ${name}`
}

/** The words of an English hospital's name that many have. */
const HOSPITAL_WORDS =
  /(?:\s+(?:general|regional|memorial|community|county|university|medical|hospital|hospitals|clinic|center|centre|health|care|home|nursing|surgery|practice|infirmary|hospice|campus|rehabilitation|pediatrics))+$/i

/** A saint in French, a family name in English; words that are of no one hospital stay. */
export function hospitalSurrogate(
  written: string,
  language: Language,
  keyed: Keyed,
  accepts: Accepts,
): string | undefined {
  const tail = language === 'en' ? (HOSPITAL_WORDS.exec(written)?.[0] ?? '') : ''
  const own = written.slice(0, written.length - tail.length)
  const value = compact(own)
  const letter = String.fromCharCode(97 + keyed.below(26, 'letter', `hospital ${value}`))
  // For a saint a name of a known sex: the list of Pierre has those of men.
  const name = keyed.pick(namesFor(language === 'fr' ? 'pierre' : '', letter, language), 'hospital', value, accepts)
  if (name === undefined) return undefined
  return `${inWritingOf(own, language === 'fr' ? `Saint-${name}` : name)}${tail}`
}

/** @returns folded letters and figures */
export const compact = (text: string): string => fold(text).replace(/[^\p{L}\d]/gu, '')
