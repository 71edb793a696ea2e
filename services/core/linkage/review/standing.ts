/** What the verdicts on a pair come to. Pure. */

export type Verdict = 'accept' | 'never'
/** unsure: the reviewer cannot tell; it decides nothing, and he is not asked again. */
export type Judgement = Verdict | 'unsure'
/** alone: one reviewer decides. second: two of other names must agree. third: decides where two differ. */
export type Mode = 'alone' | 'second' | 'third'

/** One line of the log of reviews. */
export interface Entry {
  /** Name of the pair, as the linker gives it. */
  readonly pair: string
  /** undo: the last verdict of this reviewer does not count. sent: the decision on the verdicts before is in `link.decisions`. */
  readonly entry: Judgement | 'undo' | 'sent'
  readonly reviewer: string
  readonly mode: Mode
  /** Agreement levels of the fields, of a verdict. */
  readonly pattern: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Account that ran the command, by whose name a reviewer's is not proved; or that was logged in to the console, by whose it is. */
  readonly account: string
  /** It was asked as one of a clerical sample. */
  readonly drawn?: true | undefined
}

export interface Standing {
  /** In their order, one for each reviewer: the first that was not undone. Of these, some may be unsure. */
  readonly verdicts: readonly Entry[]
  readonly state: 'open' | 'waits-for-second' | 'disputed' | 'decided'
  /** Where it is decided. */
  readonly decision: Verdict | undefined
  readonly by: readonly string[]
  readonly sent: boolean
}

/** @param entries of one pair, in their order */
export function standingOf(entries: readonly Entry[]): Standing {
  const verdicts = new Map<string, Entry>()
  let sent = false
  for (const one of entries) {
    if (one.entry === 'sent') sent = true
    else if (one.entry === 'undo') {
      verdicts.delete(one.reviewer)
      sent = false
    } else if (!verdicts.has(one.reviewer)) verdicts.set(one.reviewer, one)
  }
  const all = [...verdicts.values()]
  const decided = (entry: Entry, by: readonly Entry[]): Standing => ({
    ...{ verdicts: all, state: 'decided', decision: entry.entry as Verdict, sent },
    by: by.map(({ reviewer }) => reviewer),
  })
  const sure = all.filter(({ entry }) => entry !== 'unsure')
  const alone = sure.find(({ mode }) => mode === 'alone')
  if (alone) return decided(alone, [alone])
  const [one, two] = sure.filter(({ mode }) => mode === 'second')
  const undecided = { verdicts: all, decision: undefined, by: [], sent }
  if (!one) return { ...undecided, state: 'open' }
  if (!two) return { ...undecided, state: 'waits-for-second' }
  if (one.entry === two.entry) return decided(one, [one, two])
  const third = sure.find(({ mode }) => mode === 'third')
  return third ? decided(third, [third]) : { ...undecided, state: 'disputed' }
}

/** @returns whether a reviewer is asked about a pair in a mode; nobody is asked twice */
export function isAsked({ state, verdicts }: Standing, reviewer: string, mode: Mode): boolean {
  if (verdicts.some((one) => one.reviewer === reviewer)) return false
  if (mode === 'third') return state === 'disputed'
  if (mode === 'second') return state === 'open' || state === 'waits-for-second'
  return state === 'open'
}

export function standings(entries: readonly Entry[]): ReadonlyMap<string, Standing> {
  return new Map([...Map.groupBy(entries, ({ pair }) => pair)].map(([pair, of]) => [pair, standingOf(of)]))
}
