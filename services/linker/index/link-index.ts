/**
 * The linkage index: records, which records have a token, edges, persons. Redis has all of it; which records have a token, which edges and which person is
 * read into memory when the index is opened, and what a batch changes goes to Redis at once, all or nothing (docs/adr/0051). One linker writes an
 * index: a later one takes it over, and what the earlier one writes is refused.
 */
import type { Redis } from 'ioredis'
import { type TokenIndex, tokenIndex } from '#core/linkage/token-index.ts'
import type { Correction } from '../link/corrections.ts'
import { isEmpty, noChanges, writesOf } from './changes.ts'
import { type Head, idOf, readHead, tokensOf } from './codec.ts'
import { graph } from './graph.ts'
import { knownRecords } from './known-records.ts'
import { type OutboxEntry, outbox } from './outbox.ts'
import { presentIn, readIndex } from './read-index.ts'
import { BUCKET } from './stored-bytes.ts'
import { type IndexForm, type StoredIndex, storedIndex } from './stored-index.ts'
import type { Flag } from './writes.ts'

export interface PutReply {
  /** same: this version was there, and nothing was written. stale: a later version, or a cancellation, was there. */
  readonly state: 'new' | 'same' | 'replaced' | 'stale'
  /** Records are numbered as they arrive: 0, 1, 2... A later version keeps the number. */
  readonly number: number
  readonly hubs: number
  readonly overBudget: boolean
  /** Numbers of records: those of the rarest tokens first. */
  readonly candidates: readonly number[]
}

export interface NewEdge {
  readonly other: number
  readonly weight: number
}

export interface StoredComponent {
  /** More records than the limit: then `members` has only the one that it was asked for, and there are no edges. */
  readonly large: boolean
  readonly members: readonly number[]
  readonly edges: ReadonlyMap<number, ReadonlyMap<number, number>>
}

/** The records that share a token with one, and its edges. */
export interface Around {
  /** Of a cancelled record there are none. */
  readonly candidates: readonly number[]
  readonly edges: ReadonlyMap<number, number>
}

/** What is written is in Redis when `commit` resolves. */
export interface LinkIndex {
  /** Records that have been there, cancelled ones included. */
  size(): number
  /** @param records sealed, with their head (codec.ts) */
  put(
    records: readonly { readonly record: Buffer; readonly candidatesOf: number }[],
    budget: number,
  ): Promise<PutReply[]>
  /** @returns the records as they are stored now; one that was never there is missing */
  records(numbers: readonly number[]): Promise<ReadonlyMap<number, Buffer>>
  /** Adds edges, and the persons of components of two records. @returns the larger components that these edges are in, each once */
  connect(
    records: readonly { readonly number: number; readonly edges: readonly NewEdge[] }[],
    most: number,
  ): readonly StoredComponent[]
  components(numbers: readonly number[], above: number, most: number): readonly StoredComponent[]
  writePersons(persons: readonly ReadonlyMap<number, number>[]): void
  cancel(cancelled: Buffer): Promise<'cancelled' | 'same' | 'stale'>
  /** @returns records whose persons must be made again, because a neighbour was replaced or cancelled, or an edge corrected: each once */
  takeMarked(): readonly number[]
  /** @returns for each number the first record of its person */
  persons(): Int32Array
  /**
   * @param now microseconds since 1970
   * @param certain edges of this weight count only where there is no other, and higher ones before all others
   * @returns records that are new, cancelled, or of another person than before, until `told` has them; the last link version is in Redis
   */
  outbox(now: number, most: number, certain: number): Promise<readonly OutboxEntry[]>
  /** @param entries what `outbox` returned, and nothing was changed since */
  told(entries: readonly OutboxEntry[]): void
  /** @returns the offset of a partition's next message; undefined when the index has none of it */
  position(partition: string): Promise<bigint | undefined>
  passed(partition: string, next: bigint): void
  /** @returns numbers of marked records, rising; at most so many */
  flagged(kind: Flag, most: number): readonly number[]
  /** @returns how many records are marked */
  flags(kind: Flag): number
  flag(kind: Flag, numbers: readonly number[], isMarked: boolean): void
  /** @param ids as `IndexKeys.id` makes them @returns numbers of those that are there and not cancelled */
  numbersOf(ids: readonly Buffer[]): readonly number[]
  /**
   * Keeps what was decided about pairs of records, and marks those that are there as limited: their edges are corrected by the reconciliation.
   * @param decided two ids and the sealed decision, which begins with its order (f64 LE): of two of one pair the later one stays
   */
  decide(decided: readonly { readonly ids: readonly [Buffer, Buffer]; readonly sealed: Buffer }[]): void
  /** @returns the sealed decisions */
  decided(): readonly Buffer[]
  /** Sealed (link/sealed-frequencies.ts); undefined: none were counted. */
  frequencies(): Buffer | undefined
  /** Keeps other frequencies, and marks all records as limited: their edges are corrected by the reconciliation. */
  weighBy(sealed: Buffer): void
  /** @param otherSource candidates are of the other source only @returns all that use a token which the record uses, without a budget */
  around(numbers: readonly number[], otherSource: boolean): Promise<readonly Around[]>
  /** Writes what `correctionOf` found: the records are no longer marked as limited, and `takeMarked` has those whose persons may be others. */
  correct(corrections: ReadonlyMap<number, Correction>): void
  /** @returns numbers of the records with edges, rising */
  connected(): readonly number[]
  /**
   * Sends what has changed, after what was sent before. Later changes may be made before it resolves.
   * @throws ChainonError link-index-taken, link-index-behind; whatever it throws, and after `abandon`, the index must be opened again
   */
  commit(): Promise<void>
  /** What has changed is half done, or not known to be in Redis: nothing is written any more. */
  abandon(cause: unknown): void
  /** Removes the index. */
  remove(): Promise<void>
  /** What Redis has, for a snapshot; after `commit`, and until the next change, that is the index. */
  readonly stored: Pick<
    StoredIndex,
    'records' | 'links' | 'outbox' | 'marks' | 'decisions' | 'frequencies' | 'positions' | 'watch'
  >
}

/** A record that arrives, and what is read of its part in clear. */
interface Arrived {
  readonly record: Buffer
  readonly id: Buffer
  readonly head: Head
}

const readArrived = (record: Buffer): Arrived => ({ record, id: idOf(record), head: readHead(record) })

const NOTHING: Pick<PutReply, 'hubs' | 'overBudget' | 'candidates'> = { hubs: 0, overBudget: false, candidates: [] }

/**
 * Makes the index, or takes it over and reads it.
 * @param hasOutbox whether it keeps which records are to be told of: somebody must then tell
 * @throws ConfigurationError when it was made in another form
 */
export async function openIndex(redis: Redis, name: string, form: IndexForm, hasOutbox = false): Promise<LinkIndex> {
  const stored = await storedIndex(redis, name, form)
  await stored.claim()
  const known = knownRecords()
  const links = graph()
  const bySource = new Map<number, TokenIndex>()
  const marked = new Set<number>()
  let changed = noChanges()
  let sent: Promise<void> = Promise.resolve()
  let failure: { readonly cause: unknown } | undefined

  function tokensAt(source: number): TokenIndex {
    let index = bySource.get(source)
    if (!index) {
      index = tokenIndex(form.kinds, form.hub, known)
      bySource.set(source, index)
    }
    return index
  }

  const { toTell, marked: flags, decisions, ...read } = await readIndex(stored, { known, links, tokensAt })
  let { frequencies } = read
  const onNote = (number: number) => void changed.untold.add(number)
  const notes = outbox(toTell, { known, links }, hasOutbox ? onNote : undefined)

  function flag(kind: Flag, numbers: readonly number[], isMarked: boolean): void {
    for (const number of numbers) if (flags[kind].set(number, isMarked)) changed[kind].add(number - (number % BUCKET))
  }

  function setPerson(number: number, person: number): void {
    const was = links.personOf(number)
    if (was === person) return
    links.setPerson(number, person)
    changed.persons.add(number)
    notes.leave(number, was)
    // Of these the strongest edge is another one now.
    notes.note(was)
    notes.note(person)
  }

  function connect(a: number, b: number, weight: number): void {
    if (links.connect(a, b, weight)) changed.edges.add(Math.max(a, b))
  }

  function cut(a: number, b: number): void {
    if (links.cut(a, b)) changed.edges.add(Math.max(a, b))
  }

  function disconnect(number: number): void {
    for (const other of links.disconnect(number)) {
      changed.edges.add(Math.max(number, other))
      marked.add(other)
    }
  }

  function store(number: number, { record, id, head }: Arrived): void {
    if (number === known.size) links.grow(number + 1)
    known.set(number, id, head)
    changed.records.set(number, record)
  }

  /** @param earlier bytes of records that are replaced */
  function forget(number: number, earlier: ReadonlyMap<number, Buffer>): void {
    const bytes = changed.records.get(number) ?? presentIn(earlier, number)
    // Others may use its tokens now that did not.
    flag('limited', tokensAt(known.sourceOf(number)).remove(number, tokensOf(bytes)), true)
    disconnect(number)
    notes.note(number)
  }

  function put(arrived: Arrived, source: number, budget: number, earlier: ReadonlyMap<number, Buffer>): PutReply {
    const { record, id, head } = arrived
    const found = known.find(id)
    const number = found ?? known.size
    const order = found === undefined ? 1 : known.compareVersion(head, found)
    const wasCancelled = found !== undefined && known.isCancelled(found)
    if (order < 0 || (order === 0 && wasCancelled)) return { state: 'stale', number, ...NOTHING }
    const state = found === undefined ? 'new' : order === 0 ? 'same' : 'replaced'
    if (state === 'replaced') {
      if (wasCancelled) notes.noteNew(number)
      else forget(number, earlier)
      marked.add(number)
    }
    const tokens = tokensOf(record)
    if (state !== 'same') {
      store(number, arrived)
      flag('limited', tokensAt(head.source).add(number, tokens), true)
    }
    const itself = source === head.source ? number : undefined
    const { records: candidates, hubs, overBudget } = tokensAt(source).candidates(tokens, budget, itself)
    if (state !== 'same' && overBudget) flag('limited', [number], true)
    if (state === 'new') notes.noteNew(number)
    return { state, number, hubs, overBudget, candidates }
  }

  async function records(numbers: readonly number[]): Promise<Map<number, Buffer>> {
    const found = new Map(await stored.records(numbers.filter((number) => !changed.records.has(number))))
    for (const number of numbers) {
      const bytes = changed.records.get(number)
      if (bytes) found.set(number, bytes)
    }
    return found
  }

  /**
   * @param least 1: of records that a later version replaces; 0: of the same version as well
   * @returns their stored bytes: only there are their tokens
   */
  async function before(arrived: readonly Arrived[], least: 0 | 1): Promise<ReadonlyMap<number, Buffer>> {
    const numbers = new Set<number>()
    for (const { id, head } of arrived) {
      const number = known.find(id)
      if (number !== undefined && !known.isCancelled(number) && known.compareVersion(head, number) >= least)
        numbers.add(number)
    }
    return numbers.size === 0 ? new Map() : records([...numbers])
  }

  /** @param members undefined: more than the limit */
  function componentOf(number: number, members: readonly number[] | undefined): StoredComponent {
    if (!members) return { large: true, members: [number], edges: new Map() }
    return { large: false, members, edges: new Map(members.map((member) => [member, links.edgesOf(member)])) }
  }

  function numbersOf(ids: readonly Buffer[]): readonly number[] {
    return ids.flatMap((id) => {
      const number = known.find(id)
      return number === undefined || known.isCancelled(number) ? [] : [number]
    })
  }

  /** @param bytes of the record; undefined: it is cancelled */
  function around(number: number, bytes: Buffer | undefined, otherSource: boolean): Around {
    const edges = links.edgesOf(number)
    if (!bytes) return { candidates: [], edges }
    const source = known.sourceOf(number)
    const { records: candidates } = tokensAt(otherSource ? 1 - source : source).candidates(
      tokensOf(bytes),
      Number.POSITIVE_INFINITY,
      otherSource ? undefined : number,
    )
    return { candidates, edges }
  }

  const index: LinkIndex = {
    size: () => known.size,
    async put(arrived, budget) {
      const read = arrived.map(({ record }) => readArrived(record))
      const earlier = await before(read, 1)
      return arrived.map(({ candidatesOf }, at) => put(read[at] as Arrived, candidatesOf, budget, earlier))
    },
    records,
    connect(connected, most) {
      const done = new Set<number>()
      const larger: StoredComponent[] = []
      for (const { number, edges } of connected) for (const { other, weight } of edges) connect(number, other, weight)
      for (const { number } of connected) {
        if (done.has(number)) continue
        const members = links.component(number, 0, most)
        for (const member of members ?? []) done.add(member)
        if (members?.length === 2) {
          const first = Math.min(...members)
          for (const member of members) setPerson(member, first)
        } else larger.push(componentOf(number, members))
      }
      return larger
    },
    components: (numbers, above, most) =>
      numbers.map((number) => componentOf(number, links.component(number, above, most))),
    writePersons(components) {
      for (const persons of components) for (const [number, person] of persons) setPerson(number, person)
    },
    async cancel(cancelled) {
      const arrived = readArrived(cancelled)
      const { id, head } = arrived
      const earlier = await before([arrived], 0)
      const number = known.find(id) ?? known.size
      if (number < known.size) {
        const order = known.compareVersion(head, number)
        if (order < 0) return 'stale'
        if (!known.isCancelled(number)) {
          const was = links.personOf(number)
          notes.note(was)
          forget(number, earlier)
          links.setPerson(number, number)
          changed.persons.add(number)
          notes.leave(number, was)
          for (const kind of ['limited', 'split'] as const) flag(kind, [number], false)
        } else if (order === 0) return 'same'
      }
      store(number, arrived)
      return 'cancelled'
    },
    takeMarked() {
      const taken = [...marked].filter((number) => !known.isCancelled(number))
      marked.clear()
      return taken
    },
    persons: () => Int32Array.from({ length: known.size }, (_, number) => links.personOf(number)),
    async outbox(now, most, certain) {
      const entries = hasOutbox ? notes.entries(now, most, certain) : []
      if (entries.length > 0) {
        changed.linkVersion = notes.linkVersion
        await index.commit()
      }
      return entries
    },
    told(entries) {
      for (const { number } of entries) notes.told(number)
    },
    position: (partition) => stored.position(partition),
    passed(partition, next) {
      changed.positions.set(partition, next)
    },
    flagged: (kind, most) => flags[kind].first(most),
    flags: (kind) => flags[kind].size,
    flag,
    numbersOf,
    decide(decided) {
      for (const { ids, sealed } of decided) {
        const pair = Buffer.concat(ids.toSorted((a, b) => Buffer.compare(a, b))).toString('latin1')
        const before = decisions.get(pair)
        if (before && before.readDoubleLE() >= sealed.readDoubleLE()) continue
        decisions.set(pair, sealed)
        changed.decisions.set(pair, sealed)
        const numbers = numbersOf(ids)
        flag('limited', numbers, true)
        for (const number of numbers) marked.add(number)
      }
    },
    decided: () => [...decisions.values()],
    frequencies: () => frequencies,
    weighBy(sealed) {
      frequencies = sealed
      changed.frequencies = sealed
      const all = Array.from({ length: known.size }, (_, number) => number)
      flag(
        'limited',
        all.filter((number) => !known.isCancelled(number)),
        true,
      )
    },
    async around(numbers, otherSource) {
      const present = await records(numbers.filter((number) => !known.isCancelled(number)))
      return numbers.map((number) => around(number, present.get(number), otherSource))
    },
    correct(corrections) {
      for (const [number, { added, removed }] of corrections) {
        for (const [other, weight] of added) connect(number, other, weight)
        for (const other of removed) cut(number, other)
        if (added.size + removed.length > 0) for (const one of [number, ...removed]) marked.add(one)
        flag('limited', [number], false)
      }
    },
    connected: () =>
      Array.from({ length: known.size }, (_, number) => number).filter((number) => links.hasEdge(number)),
    commit() {
      if (failure) return Promise.reject(failure.cause)
      if (!isEmpty(changed)) {
        const write = stored.write(writesOf(changed, { size: known.size, links, outbox: notes, marked: flags }))
        sent = Promise.all([sent, write]).then(() => undefined)
        sent.catch((cause: unknown) => index.abandon(cause))
        changed = noChanges()
      }
      return sent
    },
    abandon(cause) {
      failure ??= { cause }
    },
    remove: () => stored.remove(),
    stored,
  }
  return index
}
