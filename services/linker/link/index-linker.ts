/**
 * Links records one at a time on the index in Redis, as link/linker.ts does in memory: the same candidates, weights, and persons. A batch is one call of each
 * script; what follows from it (weights, edges, persons) is done in the order of arrival. The next batch may be sent meanwhile: an edge counts only for
 * the versions that were compared, so what a later record replaces is not written over.
 */
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { RecordStore } from '#core/linkage/record-store.ts'
import { type Codec, isCancelled, packCancelled, packHead, readHead } from '../index/codec.ts'
import type { IndexKeys } from '../index/keys.ts'
import type { LinkIndex, NewEdge, PutReply, StoredComponent } from '../index/link-index.ts'
import { LINK, MOST_RECORDS, personsOfComponent, STEP } from './component.ts'
import type { LinkerCounts, LinkerOptions } from './linker.ts'
import { openedRecords } from './opened-records.ts'

export interface Arrival {
  readonly id: string
  readonly version: number
  readonly source: number
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

export interface IndexLinker {
  /**
   * Links a batch; the persons are written when it resolves. At most one more may be given before.
   * @returns number and state of each record
   */
  link(batch: readonly Arrival[]): Promise<readonly Pick<PutReply, 'number' | 'state'>[]>
  /** @param version above that of the record that is cancelled */
  cancel(id: string, version: number): Promise<'cancelled' | 'same' | 'stale'>
  /** Makes persons again that were not finished when the process ended. @returns how many records were marked */
  recover(): Promise<number>
  /** Makes the persons again from all edges. @returns records whose person was another one before: 0 where no limit was met */
  reconcile(onPair: LinkerOptions['onPair']): Promise<number>
  readonly counts: LinkerCounts
}

/** Records that are kept open: one costs some 0.4 KB in memory. */
const MOST_OPENED = 1 << 20
const COMPONENTS_AT_ONCE = 100

interface Sent {
  readonly replies: Promise<readonly PutReply[]>
}

interface Scored {
  readonly number: number
  readonly version: number
  readonly edges: readonly NewEdge[]
}

export function indexLinker(options: IndexLinkerOptions): IndexLinker {
  const { index, keys, codec, onePerSource, weight } = options
  const counts: LinkerCounts = { compared: 0, edges: 0, hubs: 0, overBudget: 0, split: 0 }
  const opened = openedRecords(options.store, MOST_OPENED)
  /** Batches that were sent and whose turn has not come. */
  const ahead = new Set<Sent>()
  let last: Promise<unknown> = Promise.resolve()

  const slotOf = (number: number) => opened.find(number) as number

  /** @param compared asked for as candidates: then one that a batch ahead replaces is left out, for that batch compares the later version */
  async function openAll(numbers: Iterable<number>, compared = false): Promise<void> {
    const missing = [...new Set(numbers)].filter((number) => opened.find(number) === undefined)
    if (missing.length === 0) return
    const before = compared ? [...ahead] : []
    const stored = await index.records(missing)
    // Redis answers in the order of the requests: what was sent before has its answer.
    const replies = await Promise.all(before.map((sent) => sent.replies.catch(() => [])))
    const replaced = new Set(replies.flat().flatMap(({ state, number }) => (state === 'replaced' ? [number] : [])))
    for (const [number, bytes] of stored) {
      if (replaced.has(number) || isCancelled(bytes)) continue
      const head = readHead(bytes)
      const record = codec.unpack(keys.open(bytes, head.bytes))
      opened.keep(number, { ...record, version: head.version, source: head.source })
    }
  }

  function score({ version }: Arrival, { number, candidates, hubs, overBudget }: PutReply): Scored {
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
      if (value > LINK) edges.push({ other: candidate, weight: value, version: opened.versionOf(other) })
    }
    counts.edges += edges.length
    return { number, version, edges }
  }

  /** A component, split at rising weights until it is small enough. */
  async function bounded(found: StoredComponent): Promise<readonly [StoredComponent, above: number]> {
    let above = LINK
    let one: StoredComponent | undefined = found
    if (one.large) counts.split++
    while (one?.large) {
      above += STEP
      one = (await index.components(found.members, above, MOST_RECORDS))[0]
    }
    return [one ?? found, above]
  }

  async function group(found: StoredComponent, onWeight?: LinkerOptions['onPair']): Promise<Map<number, number>> {
    const [{ members, edges }, above] = await bounded(found)
    // An edge above 0 makes two records one person: the average is that edge. Their ids decide nothing.
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
        ...(onePerSource && {
          apart: (one: number, two: number) => opened.sourceOf(slotOf(one)) === opened.sourceOf(slotOf(two)),
        }),
      },
    )
  }

  async function groupAll(found: readonly StoredComponent[]): Promise<Map<number, number>[]> {
    await openAll(found.flatMap(({ members }) => (members.length < 3 ? [] : members)))
    const made: Map<number, number>[] = []
    for (const one of found) made.push(await group(one))
    return made
  }

  async function recover(): Promise<number> {
    const marked = await index.marked()
    if (marked.size === 0) return 0
    await index.writePersons(await groupAll(await index.components([...marked.keys()], LINK, MOST_RECORDS)), marked)
    return marked.size
  }

  async function finish(batch: readonly Arrival[], replies: readonly PutReply[]): Promise<void> {
    const current = new Map<number, number>()
    for (const [at, arrival] of batch.entries()) {
      const { number, state } = replies[at] as PutReply
      if (state === 'stale') continue
      opened.keep(number, { ...arrival, filters: arrival.encoded.filters, newborn: arrival.encoded.newborn })
      current.set(number, at)
    }
    // A record that comes twice in the batch is compared in its later version.
    const compared = [...current.values()].toSorted((a, b) => a - b)
    await openAll(
      compared.flatMap((at) => replies[at]?.candidates ?? []),
      true,
    )
    const scored = compared.map((at) => score(batch[at] as Arrival, replies[at] as PutReply))
    const linked = scored.filter(({ edges }) => edges.length > 0)
    await index.writePersons(await groupAll(await index.connect(linked, MOST_RECORDS)))
    if (replies.some(({ state }) => state === 'replaced')) await recover()
  }

  /** One after the other: what follows from a batch needs the edges of the one before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(() => {
      opened.begin()
      return work()
    })
    last = done.catch(() => undefined)
    return done
  }

  return {
    counts,
    async link(batch) {
      const replies = index.put(
        batch.map(({ id, version, source, encoded }) => {
          // Without the assumption, candidates are of all sources.
          const part = onePerSource ? source : 0
          const head = packHead(version, part, keys.tokens(encoded.tokens))
          const record = keys.seal(head, codec.pack({ id, filters: encoded.filters, newborn: encoded.newborn }))
          return { id: keys.id(id), record, candidatesOf: onePerSource ? 1 - part : part }
        }),
        options.budget,
      )
      // Its failure is that of the batch, which waits for the one before.
      replies.catch(() => undefined)
      const sent: Sent = { replies }
      ahead.add(sent)
      return inTurn(async () => {
        ahead.delete(sent)
        const arrived = await replies
        await finish(batch, arrived)
        return arrived
      })
    },
    cancel: (id, version) =>
      inTurn(async () => {
        const state = await index.cancel(keys.id(id), packCancelled(version))
        await recover()
        return state
      }),
    recover: () => inTurn(recover),
    reconcile: (onPair) =>
      inTurn(async () => {
        const before = await index.persons()
        const done = new Set<number>()
        const connected = await index.connected()
        for (let from = 0; from < connected.length; from += COMPONENTS_AT_ONCE) {
          const numbers = connected.slice(from, from + COMPONENTS_AT_ONCE)
          opened.begin()
          const made: Map<number, number>[] = []
          for (const found of await index.components(numbers, LINK, MOST_RECORDS)) {
            if (found.members.some((member) => done.has(member))) continue
            const persons = await group(found, onPair)
            for (const member of persons.keys()) done.add(member)
            made.push(persons)
          }
          await index.writePersons(made)
        }
        const after = await index.persons()
        return after.reduce((changed, person, number) => changed + (person === before[number] ? 0 : 1), 0)
      }),
  }
}
