/** Makes `lexicon.bin`: `node services/deidentify/text/lexicon/build/main.ts CACHE_FOLDER`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { combine, hashFolded } from '../../characters.ts'
import { tokenise, WORD } from '../../tokens.ts'
import * as L from '../lexicon.ts'
import { readSources } from './sources.ts'

const COMMON_GIVEN_NAMES = 2_500
const COMMON_FAMILY_NAMES = 12_000
const COMMON_POPULATION = 8_000
/** Parts of compound names that say nothing alone. */
const PARTICLES = new Set(
  'de du des d la le les l da do dos das del della di van von der den ter ten el al ben bin abd abou ould ait san santa st saint sainte'.split(
    ' ',
  ),
)

const flags = new Map<number, number>()
const add = (hash: number, flag: number) => void flags.set(hash, (flags.get(hash) ?? 0) | flag)

function wordsOf(name: string): { hash: number; text: string }[] {
  const tokens = tokenise(name)
  const words: { hash: number; text: string }[] = []
  for (let t = 0; t < tokens.count; t++)
    if (tokens.type[t] === WORD)
      words.push({ hash: tokens.hash[t] as number, text: name.slice(tokens.start[t], tokens.end[t]).toLowerCase() })
  return words
}

/** Each part of a person's name on its own: names are met in every order and with parts left out. */
function addName(name: string, flag: number): void {
  const words = wordsOf(name)
  for (const { hash, text } of words)
    if (words.length === 1 || (text.length > 2 && !PARTICLES.has(text))) add(hash, flag)
}

/** A name of a place or hospital, as a whole; its beginnings are marked, so that a reader knows when to stop. */
function addPhrase(name: string, flag: number): void {
  const words = wordsOf(name)
  if (words.length === 1 && words[0]) return add(words[0].hash, flag)
  let hash = L.PHRASE
  words.forEach(({ hash: word }, i) => {
    if (i === 0) add(word, L.BEGINS)
    hash = combine(hash, word)
    add(hash, i === words.length - 1 ? flag : L.BEGINS)
  })
}

/** A shorter word says nothing: it may be a family name in capitals. */
const SHORTEST_TERM = 4

/** What other lists have is left as it is: only what they lack is told by the names of drugs and diseases. */
function addMedicine(name: string, flag: number, known: number): void {
  for (const { hash, text } of wordsOf(name))
    if (text.length >= SHORTEST_TERM && !PARTICLES.has(text) && ((flags.get(hash) ?? 0) & known) === 0) add(hash, flag)
}

const COMMON = L.COMMON_GIVEN | L.COMMON_FAMILY | L.COMMON_PLACE

/** In the name of a disease, a word with a capital inside is the name of a person or place; others are medicine. */
function addDisease(name: string): void {
  if (name === name.toUpperCase()) return
  for (const [i, word] of (name.match(/[\p{L}]+/gu) ?? []).entries()) {
    const isName = /^\p{Lu}\p{Ll}/u.test(word)
    if (isName && i > 0) addMedicine(word, L.EPONYM, COMMON | L.WORD_FR | L.WORD_EN)
    else if (!isName) addMedicine(word, L.MEDICAL, L.WORD_FR | L.WORD_EN)
  }
}

const own = (file: string) =>
  readFileSync(new URL(`../data/${file}.txt`, import.meta.url), 'utf8')
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

const cache = process.argv[2]
if (cache === undefined) throw new Error('the folder for the packages is missing')
const sources = await readSources(cache)
const ranked = (names: readonly string[], flag: number, common: number, commonFlag: number) =>
  names.forEach((name, rank) => addName(name, rank < common ? flag | commonFlag : flag))
ranked(sources.givenFr, L.GIVEN, COMMON_GIVEN_NAMES, L.COMMON_GIVEN)
ranked(sources.givenEn, L.GIVEN, COMMON_GIVEN_NAMES, L.COMMON_GIVEN)
ranked(sources.familyFr, L.FAMILY, COMMON_FAMILY_NAMES, L.COMMON_FAMILY)
ranked(sources.familyEn, L.FAMILY, COMMON_FAMILY_NAMES, L.COMMON_FAMILY)
for (const name of sources.givenWorld) addName(name, L.GIVEN)
for (const name of sources.familyWorld) addName(name, L.FAMILY)
for (const { name, population } of [...sources.communes, ...sources.cities])
  addPhrase(name, population >= COMMON_POPULATION ? L.PLACE | L.COMMON_PLACE : L.PLACE)
for (const word of sources.wordsFr) for (const { hash } of wordsOf(word)) add(hash, L.WORD_FR)
for (const word of sources.wordsEn) add(hashFolded(word), L.WORD_EN)
for (const name of own('hospitals')) addPhrase(name, L.HOSPITAL)
for (const name of sources.drugs) addMedicine(name, L.MEDICAL, COMMON)
sources.diseases.forEach(addDisease)
for (const term of own('medical')) for (const { hash, text } of wordsOf(term)) if (text.length > 1) add(hash, L.MEDICAL)
for (const name of own('eponyms'))
  for (const { hash, text } of wordsOf(name)) if (!PARTICLES.has(text)) add(hash, L.EPONYM)

const out = new URL('../lexicon.bin', import.meta.url)
const bytes = L.compile(flags)
writeFileSync(out, bytes)
console.log(`${flags.size} entries, ${bytes.length} bytes`)
