/** The definition of the linkage, written as simply as possible over all records at once: the script must find the same links. */
import { type Contribution, DEFAULT_LIMITS } from '../../services/curate/link/linker.ts'

const PASSES = ['ins', 'nir', 'same-patient', 'traits-place', 'traits'] as const
const kindOf = (token: string) => token.split('_')[1] ?? ''

/** @returns person and method of every patient, from the last version of every record */
export function modelLinks(
  contributions: readonly Contribution[],
  hub: number,
  { own: ownLimit, lists }: { readonly own: number; readonly lists: number } = DEFAULT_LIMITS,
): Map<string, { person: string; method: string }> {
  const last = new Map<string, Contribution>()
  for (const one of contributions) {
    const known = last.get(one.recordId)
    if (!known || one.version > known.version || (one.version === known.version && one.receivedAt > known.receivedAt))
      last.set(one.recordId, one)
  }
  // A patient that only an earlier version of a record names is still a patient, without tokens.
  const tokens = new Map(contributions.map((one) => [one.patientId, new Set<string>()]))
  for (const one of last.values()) {
    const own = tokens.get(one.patientId) ?? new Set()
    if (!one.cancelled) for (const token of one.tokens) own.add(token)
    tokens.set(one.patientId, own)
  }
  const producers = new Map(contributions.map(({ patientId, producer }) => [patientId, producer]))
  for (const patient of tokens.keys()) {
    const given = [...last.values()].filter((one) => one.patientId === patient && !one.cancelled)
    if (new Set(given.map((one) => one.tokens.join(' ')).filter((list) => list !== '')).size > lists)
      tokens.set(patient, new Set())
  }
  const sharers = new Map<string, string[]>()
  for (const [patient, own] of tokens)
    for (const token of own) sharers.set(token, [...(sharers.get(token) ?? []), patient])
  const shared = [...sharers]
    .filter(([token]) => kindOf(token) !== 'place')
    .map(([token, members]): [string, string[]] => {
      const ofProducer = Map.groupBy(members, (member) => producers.get(member))
      const allowed = [...ofProducer.values()].filter((some) => some.length <= ownLimit)
      return [token, allowed.length > hub ? [] : allowed.flat()]
    })
    .filter(([, members]) => members.length > 1)

  let groups = [...tokens.keys()].map((patient) => new Set([patient]))
  const groupOf = (patient: string) => groups.find((group) => group.has(patient)) ?? new Set<string>()
  const merge = (members: readonly string[]) => {
    const touched = new Set(members.map(groupOf))
    groups = [...groups.filter((group) => !touched.has(group)), new Set([...touched].flatMap((group) => [...group]))]
  }
  const used: [string, string[]][] = shared.filter(([token]) => ['ins', 'nir', 'same-patient'].includes(kindOf(token)))
  for (const [, members] of used) merge(members)
  const strong = groups
  const marks = (members: readonly string[], kind: string) =>
    new Set(
      strong
        .filter((group) => members.some((member) => group.has(member)))
        .flatMap((group) => [...group])
        .flatMap((member) => [...(tokens.get(member) ?? [])])
        .filter((token) => kindOf(token) === kind),
    )
  const weak = shared.filter(
    ([token, members]) =>
      ['traits-place', 'traits'].includes(kindOf(token)) &&
      marks(members, 'ins').size <= 1 &&
      marks(members, 'nir').size <= 1 &&
      (kindOf(token) === 'traits-place' || marks(members, 'place').size <= 1),
  )
  for (const [, members] of weak) merge(members)
  used.push(...weak)
  return new Map(
    [...tokens.keys()].map((patient) => {
      const passes = used.filter(([, members]) => members.includes(patient)).map(([token]) => kindOf(token))
      const method = PASSES.find((pass) => passes.includes(pass)) ?? 'establishment-ipp'
      const smallest = [...groupOf(patient)].toSorted()[0] ?? patient
      return [patient, { person: `pn_${smallest.slice(3)}`, method }]
    }),
  )
}
