/**
 * Chapter 5: how a record is linked.
 *
 * Two hospitals have two numbers for one person. `deidentify` makes keyed tokens of the identity traits, `curate` compares tokens and
 * never sees a trait. Patients that share a strong token (INS, NIR) are one person; shared traits link unless a number or a birth
 * place contradicts them.
 *
 * The code of the service: services/curate/link/linker.ts. test/integration/linker.test.ts compares its script with the model used here.
 */
import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { Contribution } from '../../services/curate/link/linker.ts'
import { secondLevelTokens } from '../../services/curate/link/tokens.ts'
import { tokeniser } from '../../services/deidentify/linkage/tokenise.ts'
import { modelLinks } from '../helpers/link-model.ts'

const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient')
if (!contract) throw new Error('there is no feed patient')
const tokenise = tokeniser(contract, Buffer.alloc(32, 1))
const secondLevel = secondLevelTokens(Buffer.alloc(32, 2))
const level2 = pseudonymiser(2, Buffer.alloc(32, 2))

const traits = {
  birth_family_name: "D'Artagnan-Lefèvre",
  birth_given_names: 'Élodie Marie',
  birth_date: 3650,
  sex: 'female',
  birth_place_insee: '75056',
}

test('two spellings of one person have the same tokens', () => {
  const first = tokenise(traits, 'chu')
  expect(tokenise({ ...traits, birth_family_name: 'dartagnan lefevre', birth_given_names: 'ELODIE' }, 'chu')).toEqual(
    first,
  )
  expect(first.every((token) => /^t1_[a-z-]+_[\w-]{22}$/.test(token))).toBe(true)
})

test('curate makes second-level tokens of them under its own secret: neither secret alone can search the index', () => {
  const [token = ''] = tokenise(traits, 'chu')
  expect(secondLevel(token)).toMatch(/^t2_/)
  expect(secondLevel(token)).not.toContain(token.slice(-22))
  // A text that does not have the form of a token is not accepted.
  expect(secondLevel('MARTIN')).toBeUndefined()
})

let offset = 0
function contribution(hospital: string, ipp: string, record: Record<string, unknown>): Contribution {
  return {
    patientId: level2.pseudonym('patient', `${hospital} ${ipp}`),
    producer: hospital,
    recordId: level2.pseudonym('record', `${hospital} ${ipp}`),
    version: 1,
    origin: BigInt(offset),
    cancelled: false,
    receivedAt: offset++,
    tokens: tokenise(record, hospital)
      .map(secondLevel)
      .filter((token) => token !== undefined),
  }
}

test('a shared NIR makes two patients one person; a contradiction keeps homonyms apart', () => {
  const nir = { ...traits, nir: '279035121518989' }
  const one = contribution('hospital-1', '1', nir)
  const married = contribution('hospital-2', '77', { ...nir, birth_family_name: 'MARTIN' })
  const byTraits = contribution('hospital-3', '5', traits)
  const homonym = contribution('hospital-4', '9', { ...traits, nir: '185057800608491' })
  const links = modelLinks([one, married, byTraits, homonym], 32)
  const personOf = ({ patientId }: Contribution) => links.get(patientId)?.person
  expect(personOf(one)).toBe(personOf(married))
  // Two persons with these traits have different numbers: the traits no longer link.
  expect(personOf(homonym)).not.toBe(personOf(one))
  expect(links.get(byTraits.patientId)?.method).toBe('establishment-ipp')
  // Every order of arrival gives the same links.
  expect(modelLinks([homonym, byTraits, married, one], 32)).toEqual(links)
})
