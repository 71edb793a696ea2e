/**
 * The circuits that are open, in the running `deidentify`: compares the numbers of the records that pass, and keeps what is found. Whatever fails here is an alarm, and the stream goes on: a circuit finds less then.
 * How many were found is neither logged nor counted: who saw it grow would know whose record it was.
 */
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import type { Identity } from '../../linkage/identity.ts'
import { type Circuit, type Circuits, COLLECTED_WITHIN_MS } from './circuits.ts'
import { createMatchFile, type MatchFile } from './matches.ts'
import { numberHash } from './number-hash.ts'

/** Of a record that passes. */
export interface ComparedRecord {
  readonly identity: Identity
  /** First-level pseudonym of its patient; only asked for when it is found. */
  readonly patient: () => string
}

export interface CircuitWatch {
  /** Whether there is one to compare with; without, records cost nothing. */
  isOpen(): boolean
  /** Returns when what was found is on the disk, or an alarm says that it is not. It never throws. */
  compare(records: readonly ComparedRecord[]): Promise<void>
  /** Takes what was opened, leaves what is closed, destroys what nobody has collected. `start` repeats it. */
  round(): Promise<void>
  /** Returns after the first round. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface CircuitWatchDependencies {
  readonly circuits: Circuits
  /** Destroys a circuit with a proof in the access journal. */
  readonly destroy: (circuit: Circuit) => void
  readonly metrics: Pick<Metrics, 'counter' | 'gauge'>
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  readonly logger: Pick<Logger, 'info' | 'error'>
  readonly now?: () => number
}

interface OpenCircuit {
  readonly circuit: Circuit
  /** Its description as it was when it was opened: another one is opened anew. */
  readonly stamp: string
  readonly hashOf: (identity: Identity) => string | undefined
  readonly subjectsOf: ReadonlyMap<string, readonly number[]>
  /** Of each subject the patients who are on the disk, or wait for it. */
  readonly known: Map<number, Set<string>>
  readonly createFile: () => Promise<MatchFile>
  waiting: { compared: number; numbered: number; matches: [number, string][] }
  file: MatchFile | undefined
  /** Lines have an order: one at a time. */
  writing: Promise<void>
  writtenAt: number
}

const ROUND_MS = 2_000
/** Counts alone are written so often. */
const COUNTS_MS = 10_000
/** Patients of one subject: a producer that gives one number to many cannot fill memory and disk. */
const MOST_PATIENTS = 64
const alarmOf = (id: string) => `hashed-circuit:${id}`

export function circuitWatch(dependencies: CircuitWatchDependencies): CircuitWatch {
  const { circuits, destroy, metrics, alarms, logger, now = Date.now } = dependencies
  const records = metrics.counter(
    'chainon_circuit_records',
    'Records compared with an open circuit of hashed identifiers, by whether they have a number that counts',
  )
  const gauge = metrics.gauge('chainon_open_circuits', 'Circuits of hashed identifiers that records are compared with')
  const open = new Map<string, OpenCircuit>()
  const failed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  function alarm(id: string, event: string, error: unknown, message: string): void {
    if (!failed.has(id)) logger.error({ event, circuit: id, err: safeError(error) })
    failed.add(id)
    alarms.raise({ id: alarmOf(id), code: 'dependency-unavailable', message: `${message} (event ${event} in the log)` })
  }

  function healthy(id: string): void {
    if (failed.delete(id)) alarms.clear(alarmOf(id))
  }

  function take(circuit: Circuit): OpenCircuit {
    const { list, box } = circuits.open(circuit)
    const subjectsOf = new Map<string, number[]>()
    for (const [index, { hash }] of list.subjects.entries()) {
      const own = subjectsOf.get(hash)
      if (own) own.push(index)
      else subjectsOf.set(hash, [index])
    }
    return {
      circuit,
      stamp: JSON.stringify(circuit),
      hashOf: numberHash(list.form, list.secret),
      subjectsOf,
      known: new Map(),
      createFile: () => createMatchFile(circuits.folder(circuit.id), circuit, box),
      waiting: { compared: 0, numbered: 0, matches: [] },
      file: undefined,
      writing: Promise.resolve(),
      writtenAt: 0,
    }
  }

  /** Writes what waits; what could not be written waits on, for another file: the last line of this one may be half there. */
  function write(one: OpenCircuit): Promise<void> {
    const { id } = one.circuit
    one.writing = one.writing.then(async () => {
      const found = one.waiting
      one.waiting = { compared: 0, numbered: 0, matches: [] }
      try {
        one.file ??= await one.createFile()
        await one.file.append({ at: now(), ...found })
        one.writtenAt = now()
        healthy(id)
      } catch (error) {
        await leaveFile(one)
        const { compared, numbered, matches } = one.waiting
        one.waiting = {
          compared: compared + found.compared,
          numbered: numbered + found.numbered,
          matches: [...found.matches, ...matches],
        }
        alarm(
          id,
          'circuit-not-written',
          error,
          `What the circuit ${id} finds cannot be written to the data folder; it is lost when deidentify ends before it can`,
        )
      }
    })
    return one.writing
  }

  async function leaveFile(one: OpenCircuit): Promise<void> {
    const { file } = one
    one.file = undefined
    await file?.close().catch(() => undefined)
  }

  async function leave(one: OpenCircuit, isDestroyed = false): Promise<void> {
    open.delete(one.circuit.id)
    await one.writing
    if (!isDestroyed && one.waiting.compared > 0) await write(one)
    await leaveFile(one)
    logger.info({ event: 'circuit-left', circuit: one.circuit.id })
  }

  function isClosed({ closes }: Circuit): boolean {
    return now() >= closes
  }

  async function refresh(circuit: Circuit): Promise<void> {
    const { id } = circuit
    const before = open.get(id)
    try {
      if (circuit.closes + COLLECTED_WITHIN_MS <= now()) {
        if (before) await leave(before)
        destroy(circuit)
        healthy(id)
        return
      }
      if (before && (isClosed(circuit) || before.stamp !== JSON.stringify(circuit))) await leave(before)
      if (!open.has(id) && !isClosed(circuit)) {
        const taken = take(circuit)
        open.set(id, taken)
        logger.info({ event: 'circuit-taken', circuit: id })
        // The first line says since when.
        await write(taken)
      }
    } catch (error) {
      alarm(
        id,
        'circuit-not-usable',
        error,
        `The circuit ${id} cannot be used: its key is missing, or a file of it was changed; restore it, or give it up with chainon link external --abandon ${id}`,
      )
    }
  }

  async function refreshAll(): Promise<void> {
    const found = circuits.list()
    const damaged = circuits.damaged()
    const ids = new Set([...found.map(({ id }) => id), ...damaged])
    for (const one of [...open.values()]) if (!found.some(({ id }) => id === one.circuit.id)) await leave(one, true)
    for (const id of [...failed]) if (!ids.has(id)) healthy(id)
    for (const circuit of found) await refresh(circuit)
    for (const id of damaged)
      alarm(id, 'circuit-damaged', undefined, `The description of the circuit ${id} cannot be read: restore it`)
    for (const one of open.values()) {
      const { compared, matches } = one.waiting
      if (matches.length > 0 || (compared > 0 && now() - one.writtenAt >= COUNTS_MS)) await write(one)
    }
    gauge(open.size, { service: 'deidentify' })
  }

  function compareWith(one: OpenCircuit, given: readonly ComparedRecord[]): boolean {
    let numbered = 0
    for (const { identity, patient } of given) {
      const hash = one.hashOf(identity)
      if (hash === undefined) continue
      numbered++
      for (const subject of one.subjectsOf.get(hash) ?? []) {
        const known = one.known.get(subject) ?? new Set<string>()
        one.known.set(subject, known)
        const pseudonym = patient()
        if (known.has(pseudonym) || known.size >= MOST_PATIENTS) continue
        known.add(pseudonym)
        one.waiting.matches.push([subject, pseudonym])
      }
    }
    one.waiting.compared += given.length
    one.waiting.numbered += numbered
    records(numbered, { service: 'deidentify', number: 'counts' })
    records(given.length - numbered, { service: 'deidentify', number: 'none' })
    return one.waiting.matches.length > 0
  }

  const watch: CircuitWatch = {
    isOpen: () => open.size > 0,
    async compare(given) {
      for (const one of [...open.values()]) {
        try {
          // By the clock, not by the round: on its last day a circuit ends by itself.
          if (isClosed(one.circuit)) continue
          // Before the offset is committed: a process that is killed in between finds it again.
          if (compareWith(one, given)) await write(one)
        } catch (error) {
          alarm(one.circuit.id, 'circuit-failed', error, `Records were not compared with the circuit ${one.circuit.id}`)
        }
      }
    },
    async round() {
      running ??= refreshAll()
        .catch((error: unknown) =>
          alarm('all', 'circuits-not-read', error, 'The circuits of hashed identifiers cannot be read'),
        )
        .finally(() => {
          running = undefined
        })
      await running
    },
    async start() {
      await watch.round()
      timer = setInterval(() => void watch.round(), ROUND_MS)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      await running
      for (const one of [...open.values()]) await leave(one)
    },
  }
  return watch
}
