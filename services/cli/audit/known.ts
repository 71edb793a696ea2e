/** What a verification trusts: the state folders of the writers, and heads that an auditor kept. */
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Type from 'typebox'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type Head, publicKeyOf } from '#core/journal/entry.ts'
import { chainFolders, journalFolder } from '#core/journal/folders.ts'
import { type KnownChains, knownChains } from '#core/journal/known.ts'
import { writerIn } from '#core/journal/spool.ts'
import { complete } from '#core/schema/complete.ts'

/** What `chainon audit export` prints: to be kept where nobody of this installation writes. */
const KeptHeads = Type.Record(
  Type.String(),
  Type.Object({ public_key: Type.String(), sequence: Type.Integer({ minimum: 0 }), hash: Type.String() }),
)

/**
 * @param trust copies of `<data>/journal` of other hosts
 * @param headsFile its heads take the place of those of the folders: the journal may be older than these
 * @throws ConfigurationError when a folder or the file is damaged
 */
export function trusted(data: string, trust: readonly string[], headsFile: string | undefined): KnownChains {
  const folders = knownChains([journalFolder(data), ...trust])
  if (headsFile === undefined) return folders
  const kept = readHeads(headsFile)
  return {
    ...folders,
    writers: new Map([...folders.writers, ...kept.map(({ writer, key }) => [writer, key] as const)]),
    heads: new Map(kept.map(({ writer, head }) => [writer, head])),
  }
}

/** @returns heads as `--heads` reads them, of the writers whose public key is known here */
export function keptHeads(data: string, trust: readonly string[], heads: ReadonlyMap<string, Head>): object {
  const written = [journalFolder(data), ...trust].flatMap(chainFolders).map(writerIn)
  const keys = new Map(written.flatMap((one) => (one ? [[one.name, one.publicKey] as const] : [])))
  return Object.fromEntries(
    [...heads].flatMap(([writer, head]) => {
      const public_key = keys.get(writer)
      return public_key === undefined ? [] : [[writer, { public_key, ...head }]]
    }),
  )
}

function readHeads(path: string): readonly { writer: string; key: KeyObject; head: Head }[] {
  const wrong = (why: string) => new ConfigurationError('The heads cannot be read', [`${path}: ${why}`])
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? 'it is not JSON' : errorCode(error))
  }
  const read = complete(KeptHeads, parsed)
  if (!read) throw wrong('it is not what `chainon audit export` prints')
  return Object.entries(read).map(([writer, { public_key, sequence, hash }]) => {
    const key = publicKeyOf(writer, public_key)
    if (!key) throw wrong('a writer and its public key do not belong together')
    return { writer, key, head: { sequence, hash } }
  })
}
