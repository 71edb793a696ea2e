/**
 * What the linkage tokens of a French population give to who has the kept log, with and without the keys. The figures are printed, and are in
 * docs/security/linkage-attacks.md: `npx vitest run --project unit test/unit/deidentify/linkage/token-frequency.test.ts`.
 */
import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { deriveKey, hmacSha256 } from '#core/crypto/hmac.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'
import { tokeniser } from '../../../../services/deidentify/linkage/tokenise.ts'
import {
  acrossDays,
  attacked,
  attackedPieces,
  type Figures,
  type Hidden,
  pieces,
  sharedOf,
  type Target,
  targetOf,
} from '../../../helpers/attacks/frequency.ts'
import { ALL_NAMED, type Named, patientOf, peopleOf } from '../../../helpers/attacks/people.ts'

/** More than chance by this much, in people of a hundred, would be an attack that works. */
const MARGIN = 0.01
const KNOWN = 200

const [contract] = loadContracts('schemas/feeds').filter(({ feed }) => feed === 'patient') as [FeedContract]
const people = peopleOf('attacked', 2000)
const elsewhere = peopleOf('elsewhere', 6000)
const targets = Object.fromEntries(ALL_NAMED.map((what) => [what, targetOf(people, elsewhere, what)])) as Record<
  Named,
  Target
>

const secret = Buffer.alloc(32, 2)
const tokenise = tokeniser(contract, secret)
const KINDS = ['ins', 'nir', 'traits-place', 'traits', 'place'] as const
const tokens = people.map((person, at) => tokenise(patientOf(person, `r-${at}`), 'chu'))
const ofKind = (all: readonly (readonly string[])[], kind: string): Hidden =>
  all.map((own) => own.find((token) => token.startsWith(`t1_${kind}_`)))

const seed = Buffer.alloc(32, 3)
/** A start of deidentify: a data key of its own. */
async function sealedBy(producer: string): Promise<readonly Buffer[]> {
  const seal = await tokenSealer(await publicKeyOf(seed))
  return tokens.map((own, at) => seal(own, { feed: contract.feed, recordId: `p1_${producer}-${at}` }))
}
const [first, second] = [await sealedBy('a'), await sealedBy('b')]

const percent = (part: number) => `${(100 * part).toFixed(1)} %`
const print = (line: string) => process.stdout.write(`token attack: ${line}\n`)

const told = ({ frequency, known, chance }: Figures) =>
  `frequency ${percent(frequency)}, ${KNOWN} known people ${percent(known)}, chance ${percent(chance)}`

test('the attacks work: a keyed hash of a name alone is read by its frequency, and by people who are known', () => {
  const mac = hmacSha256(deriveKey(secret, 'a name alone'))
  for (const what of ALL_NAMED) {
    const hidden = targets[what].truth.map((value) => mac.digest(value))
    const figures = attacked(sharedOf(hidden), targets[what], KNOWN)
    print(`hash of the ${what} alone: ${told(figures)}`)
    expect(figures.frequency).toBeGreaterThan(figures.chance + MARGIN)
    expect(figures.known).toBeGreaterThan(0.4)
  }
})

test('sealed tokens name nobody: not by frequency, not by known people, and no day is found in another', () => {
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

test('opened without the key of the tokens, no kind of token names more than chance', async () => {
  const opener = await tokenOpener([seed])
  await opener.prepare(first)
  const opened = first.map((sealed, at) => opener.open(sealed, { feed: contract.feed, recordId: `p1_a-${at}` }) ?? [])
  expect(opened).toEqual(tokens)
  const failed: string[] = []
  for (const kind of KINDS)
    for (const what of ALL_NAMED) {
      const hidden = ofKind(opened, kind)
      const figures = attacked(sharedOf(hidden), targets[what], KNOWN)
      print(`opened, ${kind}, ${what}: ${new Set(hidden).size} different of ${people.length}, ${told(figures)}`)
      if (Math.max(figures.frequency, figures.known) > figures.chance + MARGIN) failed.push(`${kind}: ${what}`)
    }
  expect(failed).toEqual([])
})

test('opened tokens find a person at every producer, and with their key a list of people names them: so they are sealed', () => {
  const later = people.map((person, at) => tokenise(patientOf(person, `b-${at}`), 'chu'))
  const linked = acrossDays(KINDS.map((kind) => [ofKind(tokens, kind), ofKind(later, kind)] as const))
  print(`opened, found at another producer: ${percent(linked)}`)
  expect(linked).toBeGreaterThan(0.95)
  const listed = new Map(
    people.flatMap((person) => tokenise(patientOf(person, ''), 'chu').map((token) => [token, person])),
  )
  const read = tokens.filter((own, at) => own.some((token) => listed.get(token) === people[at])).length / people.length
  print(`opened, with the key of the tokens and a list of people: ${percent(read)}`)
  expect(read).toBeGreaterThan(0.8)
})
