import { assertEncodes, encodingVersions } from '#core/custody/encoding-versions.ts'
import { fingerprintsOf } from '#core/custody/kafka-register.ts'
import { sealingVersions, TRANSPORT } from '#core/custody/sealing-versions.ts'
import { publishedVersions, type Written } from '#core/custody/token-chain.ts'
import { assertMayWrite, assertWraps, wrapVersions } from '#core/custody/wrap-versions.ts'
import { ChainonError } from '#core/faults/errors.ts'

/** Versions of the keys under which this process seals, and wraps pseudonyms. */
export interface SealsUnder {
  /** For `curate`. */
  readonly tokens: number
  /** For the linker. */
  readonly transport: number
  /** Of encodings. */
  readonly encodings: number
  /** Of first-level pseudonyms, from 2 on. */
  readonly wraps: ReadonlySet<number>
}

/**
 * @param messages of the topic of fingerprints
 * @throws ChainonError key-rotation when another version has come into force, or the log is written anew
 */
export function assertSealsUnder(namespace: string, messages: readonly Written[], own: SealsUnder): void {
  const tokens = publishedVersions(namespace, messages).at(-1)?.version
  const names = [...fingerprintsOf(messages).keys()]
  const { inForce: transport } = sealingVersions(TRANSPORT, names)
  const wraps = wrapVersions(names)
  assertMayWrite(wraps)
  assertWraps(wraps, own.wraps)
  assertEncodes(encodingVersions(names), own.encodings)
  if (tokens !== own.tokens || transport !== own.transport)
    throw new ChainonError(
      'key-rotation',
      `version ${tokens} of the key of linkage tokens and version ${transport} of the key of encodings are in force, and this process has ${own.tokens} and ${own.transport}: it starts again`,
    )
}
