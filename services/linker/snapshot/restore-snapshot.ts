/** Writes a snapshot back into Redis, and proves that it has the persons of then before anybody can open it. */
import type { Redis } from 'ioredis'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { tokenIndex } from '#core/linkage/token-index.ts'
import { fencedWriter } from '../index/fenced-writer.ts'
import { graph } from '../index/graph.ts'
import { knownRecords } from '../index/known-records.ts'
import { readIndex } from '../index/read-index.ts'
import { prefixOf } from '../index/stored-bytes.ts'
import { FORMAT, type IndexForm, RESTORING, removeKeys, uncheckedIndex } from '../index/stored-index.ts'
import { readSnapshot, readSnapshotHeader, unusable } from './snapshot-file.ts'
import { digestOf, type Header, type Trailer } from './snapshot-form.ts'

export interface RestorePlace {
  readonly redis: Redis
  /** Of the index, with the namespace. */
  readonly name: string
  /** What the settings, the contracts, the model and the key of this host make. */
  readonly form: IndexForm
  readonly indexSecret: Buffer
}

export interface Checked {
  readonly header: Header
  readonly trailer: Trailer
  /** Records of the index that is there now, cancelled ones included. */
  readonly present: number
}

const WRITTEN = new Set(['MSET', 'HSET', 'HDEL', 'SETRANGE', 'SET'])
/** Keys that the restoring itself writes. */
const OWN_KEYS = new Set(['m', 'w', 'v'])

/**
 * Reads the snapshot whole and changes nothing.
 *
 * @param seed what the shares give
 * @param fingerprint of it, as the shares name it
 * @throws ConfigurationError when it does not belong here, cannot be opened, was changed or cut
 */
export async function checkSnapshot(
  path: string,
  { redis, name, form, indexSecret }: RestorePlace,
  { seed, fingerprint }: { readonly seed: Buffer; readonly fingerprint: string },
): Promise<Checked> {
  const header = await readSnapshotHeader(path)
  const problems = problemsOf(header, name, form)
  if (fingerprint !== header.shares)
    problems.push(`its key has the fingerprint ${header.shares}, and the shares are of ${fingerprint}`)
  if (problems.length > 0) throw unusable(...problems)
  const allowed = writesOnly(name)
  const { trailer } = await readSnapshot(path, { seed, indexSecret }, async (commands) => commands.forEach(allowed))
  return { header, trailer, present: await recordsIn(redis, name) }
}

/**
 * Puts the index in the place of what is there. Until it is whole nobody can open it; begun again, it starts from nothing.
 *
 * @param checked what `checkSnapshot` returned
 * @param beforeUse runs when all is written and proved, and before somebody can open it
 * @throws ConfigurationError as `checkSnapshot`; ChainonError link-index-taken when somebody else restores it
 */
export async function restoreSnapshot(
  path: string,
  { redis, name, form, indexSecret }: RestorePlace,
  { seed, checked }: { readonly seed: Buffer; readonly checked: Checked },
  beforeUse: () => Promise<void>,
): Promise<void> {
  const formKey = `${prefixOf(name)}m`
  const writer = fencedWriter(redis, name)
  await redis.set(formKey, JSON.stringify({ [RESTORING]: checked.header.created_at }))
  // From here on a linker that has it open is refused.
  await writer.claim()
  await removeKeys(redis, name, (key) => key !== 'm' && key !== 'w' && key !== 'h')
  await writer.claim()
  const allowed = writesOnly(name)
  const { trailer } = await readSnapshot(path, { seed, indexSecret }, async (commands) => {
    commands.forEach(allowed)
    await writer.write(commands)
  })
  const problem = await differenceOf(redis, name, form, trailer)
  if (problem !== undefined || trailer.persons !== checked.trailer.persons)
    throw unusable(problem ?? `${path} was exchanged meanwhile`)
  await beforeUse()
  await writer.write([['SET', formKey, JSON.stringify({ ...form, format: FORMAT })]])
}

/** Throws unless a command sets something of the index. */
function writesOnly(name: string): (command: readonly Buffer[]) => void {
  const prefix = Buffer.from(prefixOf(name), 'latin1')
  const isOwn = (key: Buffer | undefined) =>
    key?.subarray(0, prefix.length).equals(prefix) && !OWN_KEYS.has(key.subarray(prefix.length).toString('latin1'))
  return (command) => {
    const [verb, ...words] = command
    const keys = String(verb) === 'MSET' ? words.filter((_, at) => at % 2 === 0) : words.slice(0, 1)
    if (!WRITTEN.has(String(verb)) || keys.length === 0 || !keys.every(isOwn))
      throw new ChainonError('bug', 'a snapshot has what a linker does not write')
  }
}

function problemsOf(header: Header, name: string, form: IndexForm): string[] {
  const problems: string[] = []
  if (header.index !== name)
    problems.push(
      `it is of the index ${header.index}, and this is ${name} (the number at the end is the version of its keys: what was taken before \`chainon keys rotate-encodings\` is of the former ones)`,
    )
  const wanted: Header['form'] = { ...form, format: FORMAT }
  const words: Readonly<Record<keyof Header['form'], string>> = {
    layout: 'the traits of the contracts differ',
    key: 'linkage-index.key is another one: restore it from its shares first; of before `chainon keys rotate-encodings` it is gone, and so is what was sealed with it',
    model: 'the model is another one (CHAINON_LINKAGE_MODEL)',
    kinds: 'the kinds of tokens differ',
    hub: 'the hub limit differs',
    format: 'it was written by another version of Chainon',
  }
  for (const field of Object.keys(words) as (keyof Header['form'])[])
    if (header.form[field] !== wanted[field]) problems.push(words[field])
  return problems
}

async function recordsIn(redis: Redis, name: string): Promise<number> {
  const made = await redis.get(`${prefixOf(name)}m`)
  // What is left of a restoring that ended is no index.
  if (made !== null && RESTORING in (JSON.parse(made) as object)) return 0
  return Number((await redis.get(`${prefixOf(name)}n`)) ?? 0)
}

/** Reads the whole index as a linker does that opens it. @returns what differs from the trailer */
async function differenceOf(
  redis: Redis,
  name: string,
  form: IndexForm,
  trailer: Trailer,
): Promise<string | undefined> {
  const [known, links] = [knownRecords(), graph()]
  const bySource = new Map<number, ReturnType<typeof tokenIndex>>()
  const tokensAt = (source: number) => {
    const index = bySource.get(source) ?? tokenIndex(form.kinds, form.hub, known)
    bySource.set(source, index)
    return index
  }
  await readIndex(uncheckedIndex(redis, name), { known, links, tokensAt })
  if (known.size !== trailer.records) return `it gave ${known.size} records of ${trailer.records}`
  const persons = Int32Array.from({ length: known.size }, (_, number) => links.personOf(number))
  return digestOf(persons) === trailer.persons ? undefined : 'its persons are not those that it had'
}

/** @throws ConfigurationError where an index is there that would be lost */
export function assertReplaceable({ present }: Checked, name: string, replace: boolean): void {
  if (present > 0 && !replace)
    throw new ConfigurationError('The snapshot is not restored', [
      `the index ${name} has ${present} records: with --replace they are removed, and what Kafka still has of them after the snapshot is read again`,
    ])
}
