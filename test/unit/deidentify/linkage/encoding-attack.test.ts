/**
 * What the encodings for the linker give of a French population to who has them sealed, opened, and opened with their key. The figures are printed, and are
 * in docs/security/linkage-attacks.md: `npx vitest run --project unit test/unit/deidentify/linkage/encoding-attack.test.ts`.
 */
import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { type EncodedRecord, recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { unpackMessage } from '#core/linkage/message.ts'
import { normaliseName } from '#core/linkage/normalise.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import type { Trait } from '#core/linkage/traits.ts'
import { identityEncoders } from '../../../../services/deidentify/linkage/encode-identity.ts'
import { type Filter, readByGuess, readByKnown } from '../../../helpers/attacks/filters.ts'
import {
  acrossDays,
  attacked,
  attackedPieces,
  type Figures,
  type Hidden,
  likeliest,
  pieces,
  share,
  sharedOf,
  type Target,
  targetOf,
} from '../../../helpers/attacks/frequency.ts'
import { ALL_NAMED, type Named, patientOf, peopleOf } from '../../../helpers/attacks/people.ts'

/** More than chance by this much, in people of a hundred, would be an attack that works. */
const MARGIN = 0.01
const KNOWN = 200
/** Frequent names whose frequency says most: what an attacker begins with who knows nobody. */
const GUESSED = 40
/** How many names a filter may hide by its frequency. */
const LIKELY = 30

const contracts = loadContracts('schemas/feeds')
const [contract] = contracts.filter(({ feed }) => feed === 'patient') as [FeedContract]
const people = peopleOf('attacked', 1200)
const elsewhere = peopleOf('elsewhere', 4000)
const targets = Object.fromEntries(ALL_NAMED.map((what) => [what, targetOf(people, elsewhere, what)])) as Record<
  Named,
  Target
>

const secret = Buffer.alloc(32, 1)
const seal = linkageSeal(Buffer.alloc(32, 3), 'linkage.patient')
const encode = identityEncoders(contracts, secret, pseudonymiser(1, Buffer.alloc(32, 2)))(contract, seal)
const sealedBy = (producer: string) =>
  people.map((person, at) => encode(patientOf(person, `r-${at}`), producer, 5, originOf(producer, at)))
const originOf = (producer: string, at: number) => `${producer.length}${String(at).padStart(8, '0')}`
const [first, second] = [sealedBy('a'), sealedBy('bb')]

const encoder = recordEncoder(installationTraits(contracts), secret)
const form = { form: formOf(encoder), filterWords: encoder.layout.words, tokenWords: 2 * encoder.kinds.length }
const opened = first.map((sealed, at): EncodedRecord => {
  const plain = seal.open(sealed, originOf('a', at))
  const unpacked = plain && unpackMessage(plain, form)
  if (!unpacked?.ok || !unpacked.message.encoded) throw new Error('the message cannot be read')
  return unpacked.message.encoded
})

const FIELD_OF = { 'given name': 'given_name', 'family name': 'birth_name' } as const
const NAMES = ['given name', 'family name'] as const

function filterOf({ filters }: EncodedRecord, trait: Trait): Filter {
  const field = encoder.layout.fields.find((one) => one.trait === trait)
  if (!field) throw new Error(`no filter of ${trait}`)
  return filters.subarray(field.offset, field.offset + field.words)
}
const hiddenIn = (trait: Trait): Hidden => opened.map((one) => filterOf(one, trait).join())

const percent = (part: number) => `${(100 * part).toFixed(1)} %`
const print = (line: string) => process.stdout.write(`encoding attack: ${line}\n`)
const told = ({ frequency, known, chance }: Figures) =>
  `frequency ${percent(frequency)}, ${KNOWN} known people ${percent(known)}, chance ${percent(chance)}`

/** The different filters of given and family names together: they are under one key, so that one teaches the other. */
function namesAttacked() {
  const numbers = new Map<string, number>()
  const [filters, names, likely]: [Filter[], (readonly string[])[], (readonly string[])[]] = [[], [], []]
  const [known, guessed] = [new Map<number, string>(), new Map<number, string>()]
  for (const what of NAMES) {
    const target = targets[what]
    const hidden = hiddenIn(FIELD_OF[what])
    const list = [...new Set(target.names.map(normaliseName))]
    const shared = sharedOf(hidden).toSorted((a, b) => b.length - a.length)
    const likelyOf = new Map(
      shared.map((all) => [hidden[all[0] ?? 0], likeliest(all, target, LIKELY).map(normaliseName)]),
    )
    for (const [at, value] of hidden.entries()) {
      const key = `${what} ${value}`
      if (numbers.has(key)) continue
      if (at < KNOWN) known.set(filters.length, normaliseName(target.truth[at] ?? ''))
      numbers.set(key, filters.length)
      filters.push(filterOf(opened[at] as EncodedRecord, FIELD_OF[what]))
      names.push(list)
      likely.push(likelyOf.get(value) ?? list)
    }
    for (const [at = 0] of shared.slice(0, GUESSED)) {
      const number = numbers.get(`${what} ${hidden[at]}`) ?? 0
      guessed.set(number, likely[number]?.[0] ?? '')
    }
  }
  const shareOf = (found: readonly string[], what: (typeof NAMES)[number], from: number) => {
    const guesses = hiddenIn(FIELD_OF[what]).map((value) => found[numbers.get(`${what} ${value}`) ?? -1])
    return share(guesses.slice(from), targets[what].truth.map(normaliseName).slice(from))
  }
  const [byKnown, byGuess] = [readByKnown(filters, names, known), readByGuess(filters, names, likely, guessed)]
  return NAMES.map((what) => ({ what, known: shareOf(byKnown, what, KNOWN), guessed: shareOf(byGuess, what, 0) }))
}

test('sealed encodings name nobody: not by frequency, not by known people, and no day is found in another', () => {
  const [before, after] = [pieces(first), pieces(second)]
  const shared = before.map(sharedOf)
  for (const what of ALL_NAMED) {
    const figures = attackedPieces(shared, targets[what], KNOWN)
    print(`sealed, ${what}: ${told(figures)}`)
    expect(figures.frequency).toBeLessThanOrEqual(figures.chance + MARGIN)
    expect(figures.known).toBeLessThanOrEqual(figures.chance + MARGIN)
  }
  const found = acrossDays(before.map((own, at) => [own, after[at] ?? []] as const))
  print(`sealed, found at another producer: ${percent(found)}, chance ${percent(1 / people.length)}`)
  expect(found).toBeLessThanOrEqual(1 / people.length + MARGIN)
}, 60_000)

test('opened without their key, frequency reads no blocking token', () => {
  for (const what of ALL_NAMED) {
    const found = encoder.kinds.map(({ name }, at) => {
      const hidden = opened.map(({ tokens }) => [tokens[2 * at], tokens[2 * at + 1]].join())
      return { name, ...attacked(sharedOf(hidden), targets[what], KNOWN) }
    })
    for (const by of ['frequency', 'known'] as const) {
      const [most] = found.toSorted((a, b) => b[by] - b.chance - (a[by] - a.chance))
      if (most) print(`opened, the token that tells most by ${by} (${most.name}), ${what}: ${told(most)}`)
    }
    expect(found.filter(({ frequency, chance }) => frequency > chance + MARGIN).map(({ name }) => name)).toEqual([])
  }
})

test('opened without their key, filters name most people: so they are sealed', () => {
  for (const { what, known, guessed } of namesAttacked()) {
    const figures = attacked(sharedOf(hiddenIn(FIELD_OF[what])), targets[what], KNOWN)
    print(
      `opened, filters, ${what}: ${told(figures)}; by the bits of bigrams, learnt from frequent names ${percent(guessed)}, from known people ${percent(known)}`,
    )
    expect(figures.frequency).toBeGreaterThan(figures.chance + MARGIN)
    expect(guessed).toBeGreaterThan(0.4)
    expect(known).toBeGreaterThan(0.8)
  }
}, 60_000)

test('with the key of the encodings a list of names reads them: so deidentify alone has it', () => {
  for (const what of NAMES) {
    const list = new Map(
      targets[what].names.map((name) => {
        const value = normaliseName(name)
        return [filterOf(encoder.encode({ [FIELD_OF[what]]: value }), FIELD_OF[what]).join(), value]
      }),
    )
    const read = share(
      hiddenIn(FIELD_OF[what]).map((hidden) => list.get(hidden ?? '')),
      targets[what].truth.map(normaliseName),
    )
    print(`opened, with the key and a list, ${what}: ${percent(read)}`)
    expect(read).toBeGreaterThan(0.8)
  }
})
