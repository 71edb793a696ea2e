/** Names that surrogates are drawn from, by language, sex and first letter. Our own lists; each has names for each letter. */
import { FAMILY_NAMES } from '#core/people/family-names.ts'
import { GIVEN_NAMES } from '#core/people/given-names.ts'
import { fold } from '../characters.ts'
import type { Language } from '../types.ts'

type Sort = 'female' | 'male' | 'family'
type ByLetter = ReadonlyMap<string, readonly string[]>

/** The lists of core, and more for the letters that few of them begin with. */
const FRENCH: Readonly<Record<Sort, string>> = {
  female: `${GIVEN_NAMES.map(({ female }) => female).join(' ')} Barbara Béatrice Bénédicte Bérénice Blandine Daphné Diane Doriane Dorothée Fabienne Fanny Félicie Flavie Flore Gaëlle Garance Gilberte Gwenaëlle Héloïse Henriette Honorine Hortense Ida Ingrid Irène Iris Isaure Karen Katia Kelly Ketty Nadège Ninon Noëlle Noélie Olga Olivia Ophélie Oriane Orlane Perrine Prisca Prune Queenie Quitterie Quintia Rachel Rébecca Régine Rosalie Roxane Tamara Tatiana Tessa Thaïs Tiphaine Ulla Ulrike Uranie Urielle Ursula Vanessa Victoire Violette Viviane Wanda Wendy Wilhelmine Wilma Winona Xandra Xavière Xénia Yaël Yasmine Yolande Ysaline Zélia Zélie Zita Zoélie`,
  male: `${GIVEN_NAMES.map(({ male }) => male).join(' ')} Barnabé Basile Bastien Boris Edgar Edmond Édouard Fabien Félix Ferdinand Firmin Gaël Gaston Gustave Hector Hippolyte Honoré Ignace Igor Isidore Ismaël Ivan Karl Kenzo Killian Kylian Norbert Octave Octavien Orso Oscar Quillan Quincy Quirin Régis Rémi Samuel Simon Stanislas Tanguy Théodore Timothée Tristan Ugo Ulrich Ulysse Urbain Urien Vadim Valère Victorien Walter Wesley Wilfried William Xander Xavier Xénophon Yannick Yoann Youri Yvon Zacharie Zadig Zéphyr Zinedine`,
  family: `${FAMILY_NAMES.join(' ')} Allard Ancel Astier Auger Escande Espinasse Estève Évrard Hamel Hardy Huguet Icard Imbert Isnard Issartel Izard Jamet Janvier Jolivet Jourdan Kernéis Kervella Kieffer Kuntz Nadaud Naudin Navarro Neveu Noblet Oger Ollivier Orsini Oudin Ozanne Queffélec Quentin Quéré Quesnel Quiniou Salmon Sauvage Séguin Serres Texier Thibault Tissot Tournier Toussaint Ulmer Urbain Ursat Urvoy Uzan Valentin Vallet Verdier Voisin Walter Weiss Wendling Wirth Wolff Xavier Xerri Ximenes Xuereb Ybert Yvars Yver Yvon Zeller Ziegler Zimmer Zurcher`,
}
const ENGLISH: Readonly<Record<Sort, string>> = {
  female:
    'Abigail Agatha Alma Audrey Beatrice Brenda Bridget Cecilia Clara Colleen Daphne Deirdre Delia Edith Eleanor Elsie Felicity Fiona Freda Gemma Gloria Greta Harriet Hazel Hilda Imogen Ingrid Irene Janet Joanna June Karen Kendra Kirsten Lorna Lucinda Lydia Mabel Miriam Muriel Nadine Nancy Nora Odette Olivia Opal Phoebe Phyllis Priscilla Queenie Questa Quinta Ramona Rosalind Ruth Selina Sheila Sylvia Tabitha Tamsin Thelma Una Unity Ursula Vera Viola Virginia Wanda Wendy Winifred Xanthe Xenia Ximena Yasmin Yolanda Yvette Zara Zelda Zoe Adela Agnes Amelia Annabel Barbara Bella Bernice Bonnie Carol Charlotte Claudia Cynthia Denise Diana Doris Dorothy Emily Erica Esther Evelyn Faith Flora Florence Frances Georgia Gillian Grace Gwen Hannah Heather Helen Hope Iris Isabel Isla Ivy Jean Jocelyn Josephine Judith Kate Kathleen Kelly Kim Laura Leah Lilian Louisa Marjorie Martha Mavis Molly Naomi Nell Nicole Norma Olive Oona Ophelia Orla Pamela Paula Peggy Penelope Quilla Rachel Rebecca Rhoda Rosemary Sarah Sophie Stella Susan Tara Tessa Theresa Tilda Ulrica Valerie Vanessa Veronica Violet Willa Winona Xaviera Yasmine Yvonne Zinnia Zita',
  male: 'Adrian Alastair Albert Barnaby Bernard Bruce Cedric Clive Conrad Desmond Douglas Duncan Edgar Edmund Ernest Felix Fergus Floyd Gareth Gilbert Graham Harold Horace Hugh Ian Irving Ivor Jasper Jerome Julian Keith Kenneth Kurt Lawrence Leonard Lionel Malcolm Mervyn Morris Neville Nigel Norman Oliver Oscar Oswald Percy Philip Preston Quentin Quincy Quinton Reginald Roland Rupert Sidney Simon Stuart Terence Theodore Trevor Ulric Upton Uriah Vernon Victor Vincent Wallace Walter Wilfred Xander Xavier Xerxes Yale Yorick Yuri Zachary Zane Zebedee Alan Andrew Anthony Arthur Basil Benjamin Boyd Brian Charles Colin Craig Curtis Daniel David Dennis Derek Edward Eric Ethan Evan Francis Frank Fred Frederick Geoffrey George Gerald Gordon Harvey Henry Herbert Howard Isaac Ivan Jack James Joel John Karl Kent Kevin Kieran Leo Leslie Louis Luke Mark Martin Michael Miles Nathan Ned Neil Nicholas Orson Otto Owen Patrick Paul Peter Quillon Ralph Raymond Richard Robert Russell Samuel Scott Sean Stephen Thomas Timothy Todd Tyler Ulysses Virgil Warren Wayne Wesley William Xenos Yusuf Zack Zeke',
  family:
    'Abbott Aldridge Ashworth Atkins Barlow Bennett Blackwell Bradshaw Carver Chadwick Clayton Crawford Dalton Dawson Denham Draper Eastwood Ellison Emerson Everett Farrell Fielding Fletcher Forsyth Garrison Gibbs Goodwin Granger Haines Hargreaves Hobbs Holloway Ingram Irvine Isherwood Ives Jarvis Jennings Jessop Judd Keating Kemp Kirby Knowles Langley Lawson Lockwood Lowell Maddox Marlow Merrick Mortimer Nash Newell Norris Nugent Oakley Ogden Osborne Overton Parrish Pembroke Pickering Prescott Quayle Quick Quigley Quinlan Radcliffe Ramsey Redmond Rowland Sawyer Seymour Stafford Sutton Talbot Thornton Tilley Tucker Underwood Unwin Upshaw Urquhart Vance Varley Vaughan Vickers Wakefield Walton Weston Whitaker Xanthos Xavier Xenakis Yardley Yates Yeats Yorke Zane Zeller Zimmerman',
}

/** Beginnings and ends of family names: with all pairs there are some thirty names more for each letter. */
const FRENCH_PARTS = [
  'Alb Andr Arn Aub Bert Blanch Bouch Brun Cham Coll Corb Coud Dan Delm Dor Durb Emm Esc Est Evr Fav Ferr Font Forn Gall Garn Gir God Harc Hon Hub Hust Imb Isn Iss Ivr Jac Jam Jol Jour Kalm Kerm Kern Kerv Lamb Land Lav Lor Marc Mass Mont Mor Naud Nav Nic Nor Oll Orl Oud Ozan Pav Per Pich Port Quen Quer Quill Quin Rav Ren Rob Rous Sab Sav Ser Sor Tav Tess Thom Tour Ulm Urb Urs Ust Val Vann Verd Vign Wald Warn Will Wimb Xant Xav Xer Xim Ybr Yon Yss Yvr Zan Zel Zim Zor',
  'ier aud ard elin eret ault ois',
] as const
const ENGLISH_PARTS = [
  'Ald And Arl Ash Beck Black Brad Bram Chad Clay Col Crom Dal Den Dray Dun East Ed Ell Ever Far Fen Field Frod Gar Gold Green Grey Har Hart Hazel Hol Il Ing Is Iver Jar Jen Jer Jess Kel Ken Kings Kirk Lang Lind Lock Lor Mar Mel Mid Mos Nether New Nor Nut Oak Old Or Over Park Pem Pick Pres Quar Quen Quil Quin Rad Rock Row Rush Shel South Stan Summer Tan Thorn Til Twy Ul Under Up Ux Val Ven Ver Vick West Whit Win Wood Xan Xar Xel Xen Yar Yel Yew Yor Zan Zel Zen Zim',
  'ton ford worth well field ley ham by more ridge wick',
] as const

const composed = ([beginnings, ends]: readonly [string, string]): string =>
  beginnings
    .split(' ')
    .flatMap((beginning) => ends.split(' ').map((end) => beginning + end))
    .join(' ')

const ONE_WORD = /^\p{L}{3,}$/u

/** @returns the names of one word, each once */
function byLetter(names: string): ByLetter {
  const all = new Set(names.split(' ').filter((name) => ONE_WORD.test(name)))
  return Map.groupBy(all, (name) => fold(name).slice(0, 1))
}

const NAMES: Readonly<Record<Language, Readonly<Record<Sort, ByLetter>>>> = {
  fr: {
    female: byLetter(FRENCH.female),
    male: byLetter(FRENCH.male),
    family: byLetter(`${FRENCH.family} ${composed(FRENCH_PARTS)}`),
  },
  en: {
    female: byLetter(ENGLISH.female),
    male: byLetter(ENGLISH.male),
    family: byLetter(`${ENGLISH.family} ${composed(ENGLISH_PARTS)}`),
  },
}

/** The sex of a name is that which it has in either language. */
const FEMALE = foldedSet(FRENCH.female, ENGLISH.female)
const MALE = foldedSet(FRENCH.male, ENGLISH.male)

function foldedSet(...lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((names) => names.split(' ').map(fold)))
}

/**
 * @param value folded @param letter with which the names begin, from a to z
 * @returns names that can stand for it: given names of its sex, of both where it is of both; for every other word family names
 */
export function namesFor(value: string, letter: string, language: Language): readonly string[] {
  const { female, male, family } = NAMES[language]
  const [isFemale, isMale] = [FEMALE.has(value), MALE.has(value)]
  const lists = isFemale || isMale ? [...(isFemale ? [female] : []), ...(isMale ? [male] : [])] : [family]
  return lists.flatMap((list) => list.get(letter) ?? [])
}
