/**
 * The links as they must be, by a plain reading of the definition over all records of the log: a replay without an index. A person is
 * named after the smallest of its patients.
 */

/** What one record of a linked feed says of a patient. */
export interface PatientRecord {
  readonly recordId: string
  readonly patient: string
  readonly version: number
  /** Decides between equal versions: the record that the gateway accepted last. */
  readonly order: readonly [number, number]
  readonly cancelled: boolean
  /** `t1_<kind>_...` */
  readonly tokens: readonly string[]
}

export interface ExpectedLink {
  readonly person: string
  readonly method: string
}

/** A token that more patients share is a default value, and links nobody. */
const MOST_SHARERS = 32
const PASSES = ['ins', 'nir', 'same-patient', 'traits-place', 'traits'] as const
const kindOf = (token: string) => token.slice(3, token.indexOf('_', 3))

export class LinkReplay {
  readonly #current = new Map<string, PatientRecord>()
  readonly #patients = new Set<string>()

  add(record: PatientRecord): void {
    this.#patients.add(record.patient)
    const known = this.#current.get(record.recordId)
    if (!known || isLater(record, known)) this.#current.set(record.recordId, record)
  }

  /** @param name of a patient as the tables have it */
  links(name: (patient: string) => string): ReadonlyMap<string, ExpectedLink> {
    const tokens = new Map([...this.#patients].map((patient) => [patient, new Set<string>()]))
    for (const { patient, cancelled, tokens: own } of this.#current.values())
      if (!cancelled) for (const token of own) tokens.get(patient)?.add(token)
    const sharers = new Map<string, string[]>()
    for (const [patient, own] of tokens) {
      for (const token of own) {
        const known = sharers.get(token)
        if (known) known.push(patient)
        else sharers.set(token, [patient])
      }
    }
    const linking = [...sharers].filter(
      ([token, members]) => kindOf(token) !== 'place' && members.length > 1 && members.length <= MOST_SHARERS,
    )
    const groups = new Groups(this.#patients)
    const strong = linking.filter(([token]) => ['ins', 'nir', 'same-patient'].includes(kindOf(token)))
    for (const [, members] of strong) groups.unite(members)
    const marks = marksOf(groups, tokens)
    const weak = linking.filter(([token, members]) => holds(kindOf(token), members, groups, marks))
    for (const [, members] of weak) groups.unite(members)
    const best = new Map<string, number>()
    for (const [token, members] of [...strong, ...weak]) {
      const pass = PASSES.indexOf(kindOf(token) as (typeof PASSES)[number])
      for (const member of members) best.set(member, Math.min(pass, best.get(member) ?? PASSES.length))
    }
    const smallest = new Map<string, string>()
    for (const patient of this.#patients) {
      const root = groups.root(patient)
      const own = name(patient)
      const known = smallest.get(root)
      if (known === undefined || own < known) smallest.set(root, own)
    }
    return new Map(
      [...this.#patients].map((patient) => [
        name(patient),
        {
          person: `pn_${(smallest.get(groups.root(patient)) ?? '').slice(3)}`,
          method: PASSES[best.get(patient) ?? PASSES.length] ?? 'establishment-ipp',
        },
      ]),
    )
  }
}

function isLater(one: PatientRecord, other: PatientRecord): boolean {
  if (one.version !== other.version) return one.version > other.version
  const [stamp, offset] = one.order
  return stamp !== other.order[0] ? stamp > other.order[0] : offset > other.order[1]
}

type Marks = ReadonlyMap<string, Readonly<Record<'ins' | 'nir' | 'place', ReadonlySet<string>>>>

/** What tells people apart, for each group that shares a number. */
function marksOf(groups: Groups, tokens: ReadonlyMap<string, ReadonlySet<string>>): Marks {
  const marks = new Map<string, Record<'ins' | 'nir' | 'place', Set<string>>>()
  for (const [patient, own] of tokens) {
    const root = groups.root(patient)
    const of = marks.get(root) ?? { ins: new Set(), nir: new Set(), place: new Set() }
    marks.set(root, of)
    for (const token of own) {
      const kind = kindOf(token)
      if (kind === 'ins' || kind === 'nir' || kind === 'place') of[kind].add(token)
    }
  }
  return marks
}

/** A composite of traits links only patients that no number, and without a place no birth place, keeps apart. */
function holds(kind: string, members: readonly string[], groups: Groups, marks: Marks): boolean {
  if (kind !== 'traits-place' && kind !== 'traits') return false
  const different = (mark: 'ins' | 'nir' | 'place') => {
    const all = new Set<string>()
    for (const member of members) for (const value of marks.get(groups.root(member))?.[mark] ?? []) all.add(value)
    return all.size
  }
  return different('ins') <= 1 && different('nir') <= 1 && (kind === 'traits-place' || different('place') <= 1)
}

class Groups {
  readonly #parent: Map<string, string>

  constructor(members: Iterable<string>) {
    this.#parent = new Map([...members].map((member) => [member, member]))
  }

  root(member: string): string {
    let at = member
    for (;;) {
      const parent = this.#parent.get(at) ?? at
      if (parent === at) return at
      const above = this.#parent.get(parent) ?? parent
      this.#parent.set(at, above)
      at = above
    }
  }

  unite(members: readonly string[]): void {
    const [first, ...others] = members.map((member) => this.root(member))
    for (const other of others)
      if (first !== undefined && first !== this.root(other)) this.#parent.set(this.root(other), first)
  }
}
