/**
 * Links records one at a time on the index in Redis, as link/linker.ts does in memory: the same candidates, weights, and persons. What follows from a batch
 * (weights, edges, persons) is in Redis with its records, or none of it is. The next batch is linked while Redis writes.
 */
import type { PersonChange } from '#core/contract/person-link.ts'
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { RecordStore } from '#core/linkage/record-store.ts'
import { type Codec, packCancelled, packHead, type RecordVersion, readHead } from '../index/codec.ts'
import type { IndexKeys } from '../index/keys.ts'
import type { LinkIndex, NewEdge, PutReply, StoredComponent } from '../index/link-index.ts'
import type { OutboxEntry } from '../index/outbox.ts'
import { CERTAIN, LINK, MOST_RECORDS, personsOfComponent, STATED, STEP } from './component.ts'
import { openDecision, sealDecision } from './decision-seal.ts'
import { decisions, type PairDecision } from './decisions.ts'
import type { LinkerCounts, LinkerOptions } from './linker.ts'
import { openedRecords } from './opened-records.ts'
import { reconciliation } from './reconciliation.ts'

export interface Arrival {
  readonly id: string
  /** Of whom the record is: records with one label are of one person. */
  readonly label?: string
  /** Names what the record says: that its patient and another one are one person. The two records that say it have one name. */
  readonly pair?: string
  readonly version: number
  /** Decides between equal versions; 0 by default. */
  readonly stamp?: number
  readonly source: number
  /** Who sent it: tokens that many records have are shared among producers. */
  readonly producer: string
  readonly encoded: EncodedRecord
}

export interface IndexLinkerOptions extends Pick<LinkerOptions, 'onePerSource' | 'onPair' | 'weight'> {
  readonly index: LinkIndex
  readonly keys: IndexKeys
  readonly codec: Codec
  readonly budget: number
  /** Opened records, which `weight` compares by their number in it. Empty, and the linker's alone. */
  readonly store: RecordStore
}

/** A record that is new, cancelled, or of another person than before. */
export interface Change {
  readonly id: string
  readonly label: string | undefined
  /** Of the record's latest version. */
  readonly stamp: number
  /** Id of the person's first record; undefined for a cancelled record. */
  readonly person: string | undefined
  /** Of the strongest edge to a record of that person: log2 odds; STATED where a producer says so of two patient numbers; CERTAIN where it has only records of its label; undefined when it is alone. */
  readonly weight: number | undefined
  readonly linkVersion: number
  /** Id of the first record of the person that it was told to be of; undefined where that is the same, or it was of none. */
  readonly previous: string | undefined
  readonly change: PersonChange
}

export interface IndexLinker {
  /**
   * Links a batch; it is in Redis with its persons when it resolves. More may be given before: each waits for those before it.
   * @returns number and state of each record
   */
  link(batch: readonly Arrival[]): Promise<readonly Pick<PutReply, 'number' | 'state'>[]>
  /** @param record its version and stamp are above those of the record that is cancelled */
  cancel(record: Omit<Arrival, 'encoded' | 'source' | 'producer'>): Promise<'cancelled' | 'same' | 'stale'>
  /**
   * Tells what has changed until all is told. What was not told when the process ended, or the index does not have as told (`commit`), is told by the next one.
   * @param now microseconds since 1970
   * @param tell what it throws is thrown here, and the changes are told again
   */
  tellChanges(now: () => number, tell: (changes: readonly Change[]) => Promise<void>): Promise<void>
  /** Reads what was decided before. */
  loadDecisions(): Promise<void>
  /** Keeps what operators have decided: in force at once for records that are there, and with the reconciliation for those that come later. */
  decide(given: readonly PairDecision[]): Promise<void>
  /**
   * Corrects the edges of some records that met a limit, or makes the persons of one component again that was too large: what is left when the process ends is done by
   * the next one. Once none is left, no order of arrival has changed a person, where sources are not told apart. A batch that is given meanwhile waits.
   * @param most records @returns how many were looked at: 0 when none is left
   */
  reconcileSome(most: number, onPair: LinkerOptions['onPair']): Promise<number>
  /**
   * Opens some of the records that the index had when it was opened, the latest first, while there is room: a candidate that is not open is asked of Redis while its
   * batch waits. A batch that is given meanwhile waits. @param most records @returns how many were looked at: 0 when none is left
   */
  openSome(most: number): Promise<number>
  /** Until none is left, and then makes the persons again from all edges. @returns records whose person was another one before: 0 where no limit was met */
  reconcile(onPair: LinkerOptions['onPair']): Promise<number>
  readonly counts: LinkerCounts
}

/** Records that are kept open: one costs some 0.4 KB in memory. */
const MOST_OPENED = 1 << 20
const RECONCILED_AT_ONCE = 64
const CHANGES_AT_ONCE = 1000
const NO_FILTERS = new Int32Array(0)

const versionOf = ({ version, stamp = 0 }: Pick<Arrival, 'version' | 'stamp'>): RecordVersion => ({ version, stamp })

interface Scored {
  readonly number: number
  readonly edges: readonly NewEdge[]
}

export function indexLinker(options: IndexLinkerOptions): IndexLinker {
  const { index, keys, codec, onePerSource } = options
  const counts: LinkerCounts = { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0, reconciled: 0 }
  const opened = openedRecords(options.store, MOST_OPENED)
  const made = decisions()
  /** Records below it may never have been opened. */
  let unopened = index.size()
  let last: Promise<unknown> = Promise.resolve()

  const producers = new Map<string, number>()
  function producerOf(name: string): number {
    const known = producers.get(name) ?? keys.producer(name)
    producers.set(name, known)
    return known
  }

  const slotOf = (number: number) => opened.find(number) as number

  function weight(one: number, other: number): number {
    const decided = made.isEmpty ? undefined : made.weightOf(opened.idOf(one), opened.idOf(other))
    if (decided !== undefined) return decided
    const pair = opened.pairOf(one)
    if (pair !== undefined && pair === opened.pairOf(other)) return STATED
    const label = opened.labelOf(one)
    if (label !== undefined) {
      if (label === opened.labelOf(other)) return CERTAIN
      // No value, as of a doubtful identity: that says nothing about a person whom others hold together.
      if (opened.isBlank(one) || opened.isBlank(other)) return 0
    }
    return options.weight(one, other)
  }

  async function openAll(numbers: Iterable<number>): Promise<void> {
    const missing = new Set<number>()
    for (const number of numbers) if (opened.find(number) === undefined) missing.add(number)
    await openMissing(missing)
  }

  async function openMissing(missing: ReadonlySet<number>): Promise<void> {
    if (missing.size === 0) return
    for (const [number, bytes] of await index.records([...missing])) {
      const head = readHead(bytes)
      if (head.isCancelled) continue
      const record = codec.unpack(keys.open(bytes, head.bytes))
      opened.keep(number, { ...record, version: head, source: head.source })
    }
  }

  function score({ number, candidates, hubs, overBudget }: PutReply): Scored {
    const own = slotOf(number)
    counts.hubs += hubs
    if (overBudget) counts.overBudget++
    const edges: NewEdge[] = []
    for (const candidate of candidates) {
      const other = opened.find(candidate)
      if (other === undefined) continue
      const value = weight(other, own)
      counts.compared++
      options.onPair(candidate, number, value)
      if (value > LINK) edges.push({ other: candidate, weight: value })
    }
    counts.edges += edges.length
    return { number, edges }
  }

  /** A component, split at rising weights until it is small enough. */
  function bounded(found: StoredComponent): readonly [StoredComponent, above: number] {
    let above = LINK
    let one: StoredComponent | undefined = found
    if (one.large) counts.split++
    while (one?.large) {
      above += STEP
      one = index.components(found.members, above, MOST_RECORDS)[0]
    }
    return [one ?? found, above]
  }

  function areApart(one: number, two: number): boolean {
    const [a, b] = [slotOf(one), slotOf(two)]
    if (onePerSource && opened.sourceOf(a) === opened.sourceOf(b)) return true
    return made.isNever(opened.idOf(a), opened.idOf(b))
  }

  async function group(found: StoredComponent, onWeight?: LinkerOptions['onPair']): Promise<Map<number, number>> {
    const [{ members, edges }, above] = bounded(found)
    // An edge above the bound makes two records one person: the average is that edge. Their ids decide nothing.
    const [a = 0, b] = members
    if (members.length < 3) return new Map(members.map((member) => [member, Math.min(a, b ?? a)]))
    await openAll(members)
    return personsOfComponent(
      { members, above, edgesOf: (member) => edges.get(member) },
      {
        idOf: (member) => opened.idOf(slotOf(member)),
        weight(one, two) {
          const value = weight(slotOf(one), slotOf(two))
          onWeight?.(one, two, value)
          return value
        },
        ...((onePerSource || !made.isEmpty) && { apart: areApart }),
      },
    )
  }

  /** @param number of a record, which may be cancelled */
  async function namesOf(number: number): Promise<Pick<Change, 'id' | 'label' | 'stamp'>> {
    const slot = opened.find(number)
    if (slot !== undefined) return { id: opened.idOf(slot), label: opened.labelOf(slot), stamp: opened.stampOf(slot) }
    const bytes = (await index.records([number])).get(number) as Buffer
    const head = readHead(bytes)
    const { id, label } = codec.unpack(keys.open(bytes, head.bytes))
    return { id, label, stamp: head.stamp }
  }

  async function changeOf({ number, person, weight, linkVersion, left, change }: OutboxEntry): Promise<Change> {
    // What is open of a cancelled record is its version before.
    if (person === undefined) opened.drop(number)
    return {
      ...(await namesOf(number)),
      person: person === undefined ? undefined : (await namesOf(person)).id,
      weight,
      linkVersion,
      previous: left === undefined ? undefined : (await namesOf(left)).id,
      change,
    }
  }

  async function groupAll(found: readonly StoredComponent[]): Promise<Map<number, number>[]> {
    // Of a component that is split, the other parts may be others too: they are made again later.
    const large = found.filter((one) => one.large)
    index.flag(
      'split',
      large.flatMap(({ members }) => members),
      true,
    )
    await openAll(found.flatMap(({ members }) => (members.length < 3 ? [] : members)))
    const made: Map<number, number>[] = []
    for (const one of found) made.push(await group(one))
    return made
  }

  /** Makes the persons again of records whose neighbours were replaced or cancelled. */
  async function regroup(): Promise<void> {
    const marked = index.takeMarked()
    if (marked.length === 0) return
    const done = new Set<number>()
    const found: StoredComponent[] = []
    for (const number of marked) {
      if (done.has(number)) continue
      const [one] = index.components([number], LINK, MOST_RECORDS) as [StoredComponent]
      for (const member of one.members) done.add(member)
      found.push(one)
    }
    index.writePersons(await groupAll(found))
  }

  const { correct, reconcileSome, regroupOf } = reconciliation({
    ...{ index, onePerSource, opened, counts, openAll, weight, group, regroup },
    ...{ decisions: made, idOf: (id) => keys.id(id) },
  })

  async function decide(given: readonly PairDecision[]): Promise<void> {
    index.decide(
      given.map((one) => ({
        ids: [keys.id(one.records[0]), keys.id(one.records[1])],
        sealed: sealDecision(keys, one),
      })),
    )
    for (const one of given) made.set(one)
    // At once: what limits have left open may be much. Killed between two writes, the marks are left.
    const numbers = index.numbersOf([...new Set(given.flatMap(({ records }) => records))].map((id) => keys.id(id)))
    for (let from = 0; from < numbers.length; from += RECONCILED_AT_ONCE) {
      opened.begin()
      await correct(numbers.slice(from, from + RECONCILED_AT_ONCE), () => undefined)
      await index.commit()
    }
    await index.commit()
  }

  async function openSome(most: number): Promise<number> {
    if (opened.isFull) unopened = 0
    const count = Math.min(most, unopened)
    unopened -= count
    await openAll(Array.from({ length: count }, (_, at) => unopened + at))
    return count
  }

  /** A step is one write. */
  async function step(most: number, onPair: LinkerOptions['onPair']): Promise<number> {
    const looked = await reconcileSome(most, onPair)
    await index.commit()
    return looked
  }

  async function linkAll(
    batch: readonly Arrival[],
    sealed: readonly { readonly record: Buffer; readonly candidatesOf: number }[],
  ): Promise<readonly PutReply[]> {
    const replies = await index.put(sealed, options.budget)
    const current = new Map<number, number>()
    for (const [at, arrival] of batch.entries()) {
      const { number, state } = replies[at] as PutReply
      if (state === 'stale') continue
      const { id, label, pair, source, encoded } = arrival
      const version = versionOf(arrival)
      opened.keep(number, { id, label, pair, source, version, filters: encoded.filters, newborn: encoded.newborn })
      current.set(number, at)
    }
    // What was decided about a record holds for its later versions, and for one that comes only now.
    if (!made.isEmpty) {
      const concerned = [...current].filter(([, at]) => made.has((batch[at] as Arrival).id))
      index.flag(
        'limited',
        concerned.map(([number]) => number),
        true,
      )
    }
    // A record that comes twice in the batch is compared in its later version.
    const compared = [...current.values()].toSorted((a, b) => a - b).map((at) => replies[at] as PutReply)
    const missing = new Set<number>()
    for (const { candidates } of compared)
      for (const candidate of candidates) if (opened.find(candidate) === undefined) missing.add(candidate)
    await openMissing(missing)
    const linked = compared.map(score).filter(({ edges }) => edges.length > 0)
    index.writePersons(await groupAll(index.connect(linked, MOST_RECORDS)))
    await regroup()
    return replies
  }

  /** One after the other: what follows from a batch needs the edges of the one before. What is half done when it fails is never written. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(async () => {
      opened.begin()
      try {
        return await work()
      } catch (error) {
        index.abandon(error)
        throw error
      }
    })
    last = done.catch(() => undefined)
    return done
  }

  return {
    counts,
    async link(batch) {
      const sealed = batch.map((arrival) => {
        const { id, label, pair, source, encoded } = arrival
        // Without the assumption, candidates are of all sources.
        const part = onePerSource ? source : 0
        const from = { source: part, producer: producerOf(arrival.producer) }
        const head = packHead(versionOf(arrival), from, keys.id(id), keys.tokens(encoded.tokens))
        const record = keys.seal(
          head,
          codec.pack({ id, label, pair, filters: encoded.filters, newborn: encoded.newborn }),
        )
        return { record, candidatesOf: onePerSource ? 1 - part : part }
      })
      const { replies, written } = await inTurn(async () => {
        const replies = await linkAll(batch, sealed)
        return { replies, written: index.commit() }
      })
      await written
      return replies
    },
    cancel: (record) =>
      inTurn(async () => {
        const { id, label } = record
        const head = packCancelled(versionOf(record), keys.id(id))
        // Who is told of its cancellation needs its label; of its encoding nothing is left.
        const left =
          label === undefined ? head : keys.seal(head, codec.pack({ id, label, filters: NO_FILTERS, newborn: false }))
        const state = await index.cancel(left)
        await regroup()
        await index.commit()
        return state
      }),
    loadDecisions: () =>
      inTurn(async () => {
        for (const bytes of index.decided()) made.set(openDecision(keys, bytes))
      }),
    decide: (given) => inTurn(() => decide(given)),
    tellChanges: (now, tell) =>
      inTurn(async () => {
        for (;;) {
          const entries = await index.outbox(now(), CHANGES_AT_ONCE, CERTAIN)
          if (entries.length === 0) return
          opened.begin()
          await openAll(entries.flatMap(({ number, person }) => (person === undefined ? [] : [number, person])))
          await tell(await Promise.all(entries.map(changeOf)))
          index.told(entries)
        }
      }),
    reconcileSome: (most, onPair) => inTurn(() => step(most, onPair)),
    openSome: (most) => inTurn(() => openSome(most)),
    reconcile: (onPair) =>
      inTurn(async () => {
        const before = index.persons()
        while ((await step(RECONCILED_AT_ONCE, onPair)) > 0);
        await regroupOf(index.connected(), onPair)
        await index.commit()
        const after = index.persons()
        return after.reduce((changed, person, number) => changed + (person === before[number] ? 0 : 1), 0)
      }),
  }
}
