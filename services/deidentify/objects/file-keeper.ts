/** The files of records in the object store: sealed ones become de-identified ones, and those of versions that are no longer in force go. */
import { createHash } from 'node:crypto'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import {
  entryName,
  fileName,
  readEntry,
  recordFolder,
  replacedName,
  type VersionEntry,
  versionName,
} from '#core/objects/areas.ts'
import type { ObjectName, ObjectStore } from '#core/objects/store.ts'
import type { Provenance } from '#core/pipeline/verdict.ts'
import { shiftReader } from '#core/policies/shift.ts'
import { dayOf } from '#core/sealing/day.ts'
import type { Replacement } from '../dicom/clean.ts'
import { deidentifyFile, type FileReason } from '../dicom/deidentify-file.ts'
import type { IncomingFile } from '../unseal/opener.ts'

/**
 * kept; burned-in: its pixels may show text; document, no-pixels, unreadable: see `deidentifyFile`; missing, seal-broken: what the store has is
 * not what the gateway wrote; withdrawn: a later version had withdrawn the record before.
 */
export type FileState = 'kept' | 'burned-in' | 'missing' | 'seal-broken' | 'withdrawn' | FileReason

export interface KeptFile {
  readonly state: FileState
  /** Null for a file that is not kept, as the next two. */
  readonly name: ObjectName | null
  readonly bytes: number | null
  /** Hexadecimal. */
  readonly sha256: string | null
}

type Values = Readonly<Record<string, unknown>>

export interface FileKeeper {
  /** @throws ChainonError dependency-unavailable when the store fails */
  keep(file: IncomingFile, record: Values, provenance: Provenance): Promise<KeptFile>
  /** For a version without a file: those of earlier ones are replaced. @throws ChainonError as `keep` */
  replaceEarlier(record: Values, provenance: Provenance): Promise<void>
  /** Removes the files of earlier versions, also of those that come later. @throws ChainonError as `keep` */
  withdraw(record: Values, provenance: Provenance): Promise<void>
}

export interface FileKeeperDependencies {
  readonly store: ObjectStore
  readonly contract: FeedContract
  readonly pseudonymiser: Pseudonymiser
  /** Modalities whose files are kept although their pixels may show text. */
  readonly allowed: readonly string[]
  readonly now?: () => number
}

/** Where the contract does not shift the dates of tables, those of files are moved all the same: the profile demands it. */
const OWN_SHIFT = { within: 365 }
const PREFIX = 'p1_'.length
const UID_BYTES = 16

export function fileKeeper({ store, contract, pseudonymiser, allowed, now = Date.now }: FileKeeperDependencies) {
  const shiftDays = shiftReader({ ...contract, shift: contract.shift ?? OWN_SHIFT }, pseudonymiser)
  const hash = (domain: string, value: string) => pseudonymiser.pseudonym(domain, value).slice(PREFIX)
  const bytesOf = (domain: string, value: string) => Buffer.from(hash(domain, value), 'base64url')

  function folderOf(record: Values, producer: string): ObjectName {
    const id = contract.key.map((name) => String(record[name])).join('\0')
    return recordFolder(bytesOf('object', `${producer}\0${contract.feed}\0${id}`).toString('hex'))
  }

  function versionOf(record: Values, { receivedAt }: Provenance): string {
    return versionName(Number(record[contract.version]), receivedAt)
  }

  function replacementFor(record: Values, { producer }: Provenance): Replacement {
    return {
      days: shiftDays(record, producer),
      patientId: hash('dicom-patient', `${producer}\0${String(record[contract.subject])}`),
      uid: (uid) => `2.25.${BigInt(`0x${bytesOf('dicom-uid', `${producer}\0${uid}`).toString('hex', 0, UID_BYTES)}`)}`,
    }
  }

  async function write(name: ObjectName, incoming: IncomingFile, record: Values, provenance: Provenance) {
    const sealed = await store.get(incoming.name)
    if (!sealed) return without('missing')
    const file = incoming.open(sealed)
    if (!file) return without('seal-broken')
    const isRisky = record.burned_in_risk !== 'unusual'
    if (isRisky && !allowed.includes(String(record.modality))) return without('burned-in')
    const result = deidentifyFile(file, replacementFor(record, provenance))
    if ('reason' in result) return without(result.reason)
    await store.put(name, result.chunks)
    return kept(name, result.chunks)
  }

  /** In the order of the versions. */
  async function versionsIn(folder: ObjectName): Promise<readonly VersionEntry[]> {
    return (await store.list(folder)).flatMap((entry) => readEntry(entry) ?? [])
  }

  /** After its entry is there: of two that are written at once, at least one sees the other. */
  async function settle(folder: ObjectName, version: string, id: string): Promise<'in-force' | 'withdrawn'> {
    const all = await versionsIn(folder)
    if (all.some((one) => one.id === undefined && one.version > version)) {
      await remove(folder, { entry: entryName(version, id), version, id })
      return 'withdrawn'
    }
    const newest = all.findLast((one) => one.id !== undefined)?.version ?? version
    await replace(folder, all, newest)
    return 'in-force'
  }

  /** @param before a version */
  async function replace(folder: ObjectName, all: readonly VersionEntry[], before: string): Promise<void> {
    for (const { entry, version, id } of all)
      if (id !== undefined && version < before) await store.put(replacedName(dayOf(now()), folder, entry), [])
  }

  async function remove(folder: ObjectName, { entry, id }: VersionEntry): Promise<void> {
    if (id !== undefined) await store.remove(fileName(id))
    // Last: after a failure it is done again.
    await store.remove(`${folder}/${entry}`)
  }

  const keeper: FileKeeper = {
    async keep(incoming, record, provenance) {
      const folder = folderOf(record, provenance.producer)
      const version = versionOf(record, provenance)
      const name = fileName(incoming.id)
      // A process ended after it had written the file: the same record has the same file, also after a change of settings.
      const known = await store.get(name)
      const found = known ? kept(name, [known]) : await write(name, incoming, record, provenance)
      if (found.state !== 'kept') {
        await keeper.replaceEarlier(record, provenance)
        return found
      }
      await store.put(`${folder}/${entryName(version, incoming.id)}`, [])
      return (await settle(folder, version, incoming.id)) === 'withdrawn' ? without('withdrawn') : found
    },
    async replaceEarlier(record, provenance) {
      const folder = folderOf(record, provenance.producer)
      await replace(folder, await versionsIn(folder), versionOf(record, provenance))
    },
    async withdraw(record, provenance) {
      const folder = folderOf(record, provenance.producer)
      const own = versionOf(record, provenance)
      // First: a file that is written later finds it.
      await store.put(`${folder}/${entryName(own, undefined)}`, [])
      for (const one of await versionsIn(folder)) if (one.version < own) await remove(folder, one)
    },
  }
  return keeper
}

function without(state: FileState): KeptFile {
  return { state, name: null, bytes: null, sha256: null }
}

function kept(name: ObjectName, chunks: readonly Buffer[]): KeptFile {
  const digest = createHash('sha256')
  for (const chunk of chunks) digest.update(chunk)
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
  return { state: 'kept', name, bytes, sha256: digest.digest('hex') }
}
