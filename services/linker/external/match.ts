/** Looks subjects of a cohort up in the index, which stays as it is: they are compared with its records, and are never among them. */
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { MatchedSubject } from '#core/linkage/external.ts'
import type { Layout } from '#core/linkage/layout.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import type { IndexKeys } from '../index/keys.ts'
import { isBlank } from '../inspect/candidates.ts'
import type { OpenIndex } from '../inspect/open-index.ts'
import { LINK } from '../link/component.ts'

const TOKEN_BYTES = 8
const HUNDREDTHS = 100

export interface Subject {
  readonly ticket: string
  readonly encoded: EncodedRecord
}

export interface Matching {
  readonly index: OpenIndex
  readonly keys: Pick<IndexKeys, 'tokens'>
}

/**
 * Each is compared with all records that use a token which it has.
 *
 * @returns of each subject the patients (first-level pseudonyms) of records that are one person with it at a probability of 3/4 or more, or that have its national number: of each the strongest pair
 */
export async function matchSubjects(
  { index, keys }: Matching,
  subjects: readonly Subject[],
): Promise<readonly MatchedSubject[]> {
  const tokensOf = subjects.map(({ encoded }) => indexTokens(keys, encoded))
  const lists = await index.reader.tokens(tokensOf.flat(), 0)
  let at = 0
  const numbers = tokensOf.map((own) => {
    const found = lists.slice(at, at + own.length)
    at += own.length
    return [...new Set(found.flat())]
  })
  const records = await index.open([...new Set(numbers.flat())])
  const store = filterStore(index.layout)
  const { weight } = scorer(index.model, index.frequencies, store, index.layout)
  const slots = new Map([...records].map(([number, record]) => [number, store.add(record)]))
  return subjects.map(({ ticket, encoded }, position) => {
    const own = store.add(encoded)
    const best = new Map<string, { weight: number; number: boolean }>()
    for (const number of numbers[position] ?? []) {
      const record = records.get(number)
      if (record?.label === undefined || isBlank(record)) continue
      const odds = weight(own, slots.get(number) as number)
      const equal = hasEqualNumber(index.layout, encoded.filters, record.filters)
      const before = best.get(record.label)
      if (odds <= LINK && !equal) continue
      best.set(record.label, {
        weight: Math.max(odds, before?.weight ?? Number.NEGATIVE_INFINITY),
        number: equal || (before?.number ?? false),
      })
    }
    const candidates = [...best].map(([patient, one]) => ({
      patient,
      weight: Math.round(one.weight * HUNDREDTHS) / HUNDREDTHS,
      number: one.number,
    }))
    return { ticket, candidates }
  })
}

function indexTokens(keys: Matching['keys'], { tokens }: EncodedRecord): readonly Buffer[] {
  const words = keys.tokens(tokens)
  return Array.from({ length: words.length / 2 }, (_, at) => {
    const token = Buffer.alloc(TOKEN_BYTES)
    token.writeInt32LE(words[2 * at] as number, 0)
    token.writeInt32LE(words[2 * at + 1] as number, TOKEN_BYTES / 2)
    return token
  })
}

/** A filter is the same for the same value. */
function hasEqualNumber({ fields }: Layout, one: Int32Array, other: Int32Array): boolean {
  const field = fields.find(({ trait }) => trait === 'national_id')
  if (!field) return false
  const [a, b] = [one, other].map((words) => words.subarray(field.offset, field.offset + field.words))
  return a !== undefined && b !== undefined && a.some(Boolean) && a.every((word, at) => word === b[at])
}
