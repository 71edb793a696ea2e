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
import { type Filter, readFilters } from '../../../helpers/attacks/filters.ts'
import {
  acrossDays,
  attacked,
  attackedPieces,
  byFrequency,
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
const people = peopleOf('attacked', 2000)
const elsewhere = peopleOf('elsewhere', 6000)
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

/** All different filters of names: given and family names are under one key, so that one teaches the other. */
function readNames(begin: (what: 'given name' | 'family name') => ReadonlyMap<string, string>, sure: boolean) {
  const numbers = new Map<string, number>()
  const filters: Filter[] = []
  const lists: (readonly string[])[] = []
  const begun = new Map<number, string>()
  for (const what of NAMES) {
    const list = [...new Set(targets[what].names.map(normaliseName))]
    const holders = new Map(sharedOf(hiddenIn(FIELD_OF[what])).map((all) => [all[0], all] as const))
    const known = begin(what)
    for (const [at, hidden] of hiddenIn(FIELD_OF[what]).entries()) {
      const key = `${what} ${hidden}`
      if (numbers.has(key)) continue
      numbers.set(key, filters.length)
      const name = known.get(hidden ?? '')
      if (name !== undefined) begun.set(filters.length, name)
      filters.push(filterOf(opened[at] as EncodedRecord, FIELD_OF[what]))
      const all = sure ? undefined : holders.get(at)
      lists.push(all ? likeliest(all, targets[what], LIKELY).map(normaliseName) : list)
    }
  }
  const found = readFilters(filters, lists, begun, sure)
  const from = sure ? KNOWN : 0
  return Object.fromEntries(
    NAMES.map((what) => {
      const guesses = hiddenIn(FIELD_OF[what]).map((hidden) => found[numbers.get(`${what} ${hidden}`) ?? -1])
      return [what, share(guesses.slice(from), targets[what].truth.map(normaliseName).slice(from))]
    }),
  ) as Record<'given name' | 'family name', number>
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
})

test('opened without the key of the encodings, the blocking tokens name nobody, and the filters most people: so they are sealed', () => {
  const frequent = (what: 'given name' | 'family name') => {
    const hidden = hiddenIn(FIELD_OF[what])
    const shared = sharedOf(hidden).toSorted((a, b) => b.length - a.length)
    const guesses = byFrequency(shared, targets[what])
    return new Map(
      shared.slice(0, GUESSED).map(([at = 0]) => [hidden[at] ?? '', normaliseName(guesses[at] ?? '')] as const),
    )
  }
  const known = (what: 'given name' | 'family name') =>
    new Map(
      hiddenIn(FIELD_OF[what])
        .slice(0, KNOWN)
        .map((hidden, at) => [hidden ?? '', normaliseName(targets[what].truth[at] ?? '')] as const),
    )
  const [byGuess, byKnowing] = [readNames(frequent, false), readNames(known, true)]
  for (const what of NAMES) {
    const figures = attacked(sharedOf(hiddenIn(FIELD_OF[what])), targets[what], KNOWN)
    print(
      `opened, filters, ${what}: ${told(figures)}; bits of bigrams learnt from frequent names ${percent(byGuess[what])}, from known people ${percent(byKnowing[what])}`,
    )
    expect(byKnowing[what]).toBeGreaterThan(0.8)
  }
})

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
