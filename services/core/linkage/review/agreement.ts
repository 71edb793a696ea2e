/** How far two reviewers agree who judged the same pairs without seeing each other's verdict. Pure. */
import type { Standing, Verdict } from './standing.ts'

export interface Agreement {
  readonly pairs: number
  readonly agreed: number
  /** Percent; null without a pair. */
  readonly percent: number | null
  /** J. Cohen, Educ. Psychol. Meas. 20, 1960; null where each of the two gave all pairs one and the same verdict, so that chance alone makes them agree. */
  readonly kappa: number | null
}

export interface Statistics {
  readonly pairs: Readonly<Record<Standing['state'], number>>
  /** Of each two reviewers, by name. */
  readonly reviewers: readonly (Agreement & { readonly names: readonly [string, string] })[]
  /** Verdicts of the first and the second reader, whoever they were; the most frequent pattern first. */
  readonly patterns: readonly (Agreement & { readonly pattern: string })[]
  readonly all: Agreement
  /** Verdicts of reviewers who could not tell: in none of the above. */
  readonly unsure: number
}

type Read = readonly [Verdict, Verdict]

const PERCENT = 100
const THOUSANDTHS = 1000

export function statistics(standings: Iterable<Standing>): Statistics {
  const all = [...standings]
  const states = { open: 0, 'waits-for-second': 0, disputed: 0, decided: 0 }
  for (const { state } of all) states[state]++
  const twice = all.flatMap(({ verdicts }) => {
    const [one, two] = verdicts.filter(({ mode, entry }) => mode === 'second' && entry !== 'unsure')
    return one && two ? [{ one, two }] : []
  })
  const read = ({ one, two }: (typeof twice)[0]): Read => [one.entry as Verdict, two.entry as Verdict]
  const byNames = Map.groupBy(twice, ({ one, two }) => [one.reviewer, two.reviewer].toSorted().join(' '))
  const reviewers = [...byNames].map(([names, pairs]) => {
    const [a = '', b = ''] = names.split(' ')
    return {
      names: [a, b] as const,
      ...agreement(pairs.map((of) => (of.one.reviewer === a ? read(of) : swapped(read(of))))),
    }
  })
  const byPattern = Map.groupBy(twice, ({ one }) => one.pattern)
  const patterns = [...byPattern].map(([pattern, pairs]) => ({ pattern, ...agreement(pairs.map(read)) }))
  return {
    pairs: states,
    reviewers: reviewers.toSorted((x, y) => y.pairs - x.pairs || (x.names.join() < y.names.join() ? -1 : 1)),
    patterns: patterns.toSorted((x, y) => y.pairs - x.pairs || (x.pattern < y.pattern ? -1 : 1)),
    all: agreement(twice.map(read)),
    unsure: all.reduce((sum, { verdicts }) => sum + verdicts.filter(({ entry }) => entry === 'unsure').length, 0),
  }
}

const swapped = ([one, two]: Read): Read => [two, one]

/** @param reads of each pair the verdicts of the two */
export function agreement(reads: readonly Read[]): Agreement {
  const pairs = reads.length
  const agreed = reads.filter(([one, two]) => one === two).length
  if (pairs === 0) return { pairs, agreed, percent: null, kappa: null }
  const accepted = (at: 0 | 1) => reads.filter((read) => read[at] === 'accept').length
  const [first, second] = [accepted(0), accepted(1)]
  // In whole numbers, so that the comparison with "all" is exact.
  const byChance = first * second + (pairs - first) * (pairs - second)
  const kappa = byChance === pairs * pairs ? null : (agreed * pairs - byChance) / (pairs * pairs - byChance)
  return {
    pairs,
    agreed,
    percent: Math.round((PERCENT * 10 * agreed) / pairs) / 10,
    kappa: kappa === null ? null : Math.round(THOUSANDTHS * kappa) / THOUSANDTHS,
  }
}
