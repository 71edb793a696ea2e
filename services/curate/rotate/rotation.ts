/**
 * Moves the warehouse to a new second-level key. Read `rotate` from top to bottom: it is the order of the steps.
 *   1. the new key is made and registered; from `begun` on nothing is loaded, and records wait in the log
 *   2. the first-level pseudonyms of the kept log give a map from the old pseudonyms to the new ones
 *   3. each table is copied under the new ones, and compared with its copy: nothing in use has changed up to here
 *   4. from `switching` on the copies take the place of the rows, and the links are made again from the log, in a new index
 *   5. the new key is in force; the map and the copies are dropped
 * It may be killed at any point: the next one goes on where it was, and a step that is done twice changes nothing.
 */
import type { Redis } from 'ioredis'
import type { Kafka } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { keyVersions, type RotationStep, secondLevelKey, stepName } from '#core/custody/key-versions.ts'
import { fingerprintOf, type KeyRegister } from '#core/custody/registered-secret.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { lockRebuild, type RebuildLock } from '../rebuild/lock.ts'
import type { Rebuilt } from '../rebuild/rebuild.ts'
import type { ReplayProgress } from '../rebuild/replay.ts'
import { type SecondLevel, secondLevelOf } from '../second-level.ts'
import { lineageOf, type PseudonymTable } from './lineage.ts'
import { type MappedFeed, mapLog } from './map-log.ts'
import { nothingLoads } from './quiet.ts'
import { dropStaging, note, openStaging, readProgress } from './staging.ts'
import {
  copyTable,
  refused,
  type StoredTable,
  storedTables,
  switchTables,
  type TableFacts,
  verifyTable,
  withRows,
} from './tables.ts'
import { unknownPseudonyms } from './unknown.ts'

export interface RotationDependencies {
  readonly clickhouse: ClickHouseClient
  readonly kafka: Kafka
  readonly redis: Redis
  readonly register: KeyRegister
  readonly namespace: string
  readonly feeds: readonly MappedFeed[]
  readonly wrap: Pick<PseudonymWrap, 'unwrap'>
  /** Topics of the consumer group of `curate`. */
  readonly topics: readonly string[]
  /** Opens a secret of this host, and makes it when neither this host nor the register has it. */
  readonly secret: (name: string) => Promise<Buffer>
  /** Makes the links again under a key. */
  readonly rebuild: (level: SecondLevel, lock: RebuildLock) => Promise<Rebuilt>
  /** Called before each step, with its name. */
  readonly onStep: (step: string, progress?: ReplayProgress) => void
}

export interface Rotated {
  /** Undefined when it was in force already, and only the copies were left. */
  readonly from: number | undefined
  readonly to: number
  /** Those with rows that this attempt copied and compared. */
  readonly tables: readonly TableFacts[]
  /** Patients whose links were made again. */
  readonly patients: number | undefined
}

const PURPOSE = { code: 'key-rotation-refused', doing: 'rotating the key of pseudonyms', name: 'rotation' } as const

/** @throws ChainonError key-rotation-refused when another rotation runs */
export async function lockRotation({ redis, namespace }: RotationDependencies): Promise<RebuildLock> {
  return await lockRebuild(redis, `${namespace}{link}:rotation`, PURPOSE)
}

export function readVersions({ register }: Pick<RotationDependencies, 'register'>) {
  return register.read().then((names) => keyVersions(names.keys()))
}

/** @returns the new key's version; made and registered unless a rotation is open. Nothing waits for it. */
export async function prepare(dependencies: RotationDependencies): Promise<number> {
  const { open, next, inForce } = await readVersions(dependencies)
  // Without the old key no new pseudonym can be found.
  await dependencies.secret(secondLevelKey(inForce))
  const version = open?.version ?? next
  await dependencies.secret(secondLevelKey(version))
  return version
}

/** @throws ChainonError key-rotation-refused, and then nothing in use has changed; ConfigurationError when a key is not here, or is another one */
export async function rotate(dependencies: RotationDependencies): Promise<Rotated> {
  const { clickhouse, kafka, namespace, feeds, wrap, topics, onStep } = dependencies
  const lock = await lockRotation(dependencies)
  try {
    const finished = await finish(dependencies)
    if (finished) return finished
    const to = await prepare(dependencies)
    const { inForce: from, open } = await readVersions(dependencies)
    const levels = { from: await levelOf(dependencies, from), to: await levelOf(dependencies, to) }
    const lineage = lineageOf(feeds.map(({ contract }) => contract))
    const stored = await storedOf(clickhouse, lineage)

    if (open?.phase === 'prepared') onStep('waiting: nothing is loaded under the old key any more')
    await registerStep(dependencies, to, 'begun')
    await withAdmin(kafka, (admin) =>
      nothingLoads(admin, clickhouse, `${namespace}curate`, topics, (what) => onStep(`waiting for ${what}`)),
    )
    await noRebuild(dependencies)
    const progress = await openStaging(clickhouse, to, open?.phase === 'switching')
    if (open?.phase !== 'switching') {
      onStep('reading the log')
      const { level2: before } = levels.from
      const { level2: after } = levels.to
      const onProgress = (done: ReplayProgress) => onStep('reading the log', done)
      await mapLog({ kafka, clickhouse, namespace, feeds, wrap, from: before, to: after, progress, onProgress })
      const unknown = await unknownPseudonyms(clickhouse, lineage, true)
      if (unknown.length > 0) throw refused(unknown)
    }

    const facts: TableFacts[] = []
    // Nothing is loaded meanwhile: what is compared stays equal, and a table without rows stays without.
    const toCopy = open?.phase === 'switching' ? [] : await withRows(clickhouse, lineage)
    for (const table of toCopy.filter((one) => !progress.has(`compared:${one.table}`))) {
      const all = columnsOf(stored, table)
      lock.assertHeld()
      onStep(`copying ${table.table}`)
      await copyTable(clickhouse, table, all)
      onStep(`comparing ${table.table}`)
      facts.push(await verifyTable(clickhouse, table, all, to, Date.now()))
      await note(clickhouse, `compared:${table.table}`, 1)
    }

    lock.assertHeld()
    await registerStep(dependencies, to, 'switching')
    if (!progress.has('switched')) {
      const compared = await readProgress(clickhouse)
      const copies = lineage.filter(({ table }) => compared.has(`compared:${table}`))
      await switchTables(clickhouse, copies, (table) => {
        onStep(`replacing the rows of ${table}`)
        lock.assertHeld()
      })
      await note(clickhouse, 'switched', 1)
    }
    onStep('making the links again')
    const { patients } = await dependencies.rebuild(levels.to, lock)
    lock.assertHeld()
    await registerStep(dependencies, to, 'in force')
    onStep('removing the copies and the map')
    await dropStaging(clickhouse)
    return { from, to, tables: facts, patients }
  } finally {
    await lock.release()
  }
}

/** A rotation that was killed after its key came into force has left its copies. @returns undefined when there is none */
async function finish(dependencies: RotationDependencies): Promise<Rotated | undefined> {
  const { inForce, open } = await readVersions(dependencies)
  if (open !== undefined || !(await dropStaging(dependencies.clickhouse))) return undefined
  return { from: undefined, to: inForce, tables: [], patients: undefined }
}

/**
 * Gives a rotation up; records that wait are loaded under the key that is in force.
 * @returns its version
 * @throws ChainonError key-rotation-refused when tables have new pseudonyms already
 */
export async function abandon(dependencies: RotationDependencies): Promise<number> {
  const lock = await lockRotation(dependencies)
  try {
    const { open } = await readVersions(dependencies)
    if (open === undefined) throw refused(['no rotation is open'])
    if (open.phase === 'switching')
      throw refused([
        `tables have pseudonyms of version ${open.version} already: start the rotation again, it goes on; restore ${secondLevelKey(open.version)} from its shares when it is lost`,
      ])
    await dropStaging(dependencies.clickhouse)
    await registerStep(dependencies, open.version, 'abandoned')
    return open.version
  } finally {
    await lock.release()
  }
}

async function levelOf({ secret }: RotationDependencies, version: number): Promise<SecondLevel> {
  return secondLevelOf(version, await secret(secondLevelKey(version)))
}

export async function registerStep(
  { register, secret }: RotationDependencies,
  version: number,
  step: RotationStep,
): Promise<void> {
  const name = stepName(version, step)
  const known = await register.read()
  if (known.has(name)) return
  // Of an abandoned rotation the key may be lost.
  const key = secondLevelKey(version)
  const fingerprint = known.get(key) ?? fingerprintOf(key, await secret(key))
  await register.register(name, fingerprint)
}

/** A rebuild of the links that began before would write links under the old key; one that begins later is refused. */
async function noRebuild({ redis, namespace }: RotationDependencies): Promise<void> {
  const lock = await lockRebuild(redis, `${namespace}{link}:rebuild`)
  await lock.release()
}

async function storedOf(
  clickhouse: ClickHouseClient,
  lineage: readonly PseudonymTable[],
): Promise<ReadonlyMap<string, StoredTable>> {
  const stored = await storedTables(clickhouse)
  const missing = lineage
    .filter(({ table }) => !stored.has(table))
    .map(({ table }) => `there is no table ${table}: run \`chainon provision\``)
  const replicated = lineage.filter(({ table }) => stored.get(table)?.engine.startsWith('Replicated'))
  if (missing.length > 0) throw refused(missing)
  if (replicated.length > 0) throw refused(['tables of several replicas cannot be rotated yet'])
  return stored
}

export function columnsOf(stored: ReadonlyMap<string, StoredTable>, { table }: PseudonymTable): readonly string[] {
  return stored.get(table)?.columns.map(({ name }) => name) ?? []
}
