/** What is left of former versions of the index: in Redis, of their keys, and of their snapshots. */
import { basename } from 'node:path'
import type { Redis } from 'ioredis'
import type { Config } from '#core/config/read.ts'
import { type EncodingVersions, fileOfKey, indexKey, versionBefore } from '#core/custody/encoding-versions.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { overwrite } from '#core/sealing/secret-files.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { indexName } from '../index/index-secret.ts'
import { prefixOf } from '../index/stored-bytes.ts'
import { isWhole } from '../index/stored-index.ts'

type Named = Config<'CHAINON_NAMESPACE' | 'CHAINON_LINKAGE_INDEX'>

/**
 * Where the version in force has no index, and a former one is there, none is begun: Redis has lost what was moved, or the register says what is not so.
 * @throws ConfigurationError
 */
export async function assertMoved(
  redis: Pick<Redis, 'get'>,
  config: Named,
  versions: Pick<EncodingVersions, 'inForce' | 'chain'>,
): Promise<void> {
  if (versions.inForce === 1) return
  const [name, former] = [versions.inForce, versionBefore(versions, versions.inForce)].map((version) =>
    indexName(config, version),
  ) as [string, string]
  if ((await redis.get(`${prefixOf(name)}m`)) !== null || !(await isWhole(redis, former))) return
  throw new ConfigurationError(`There is no linkage index ${name}`, [
    `version ${versions.inForce} of its keys is in force, and Redis has the index of before alone: run \`chainon keys rotate-encodings\` again`,
  ])
}

/**
 * Destroys what this host still has of the keys of retired versions. Call it when the index in force was opened: a register that lies keeps a linker from starting, and takes no
 * key that is used.
 * @returns names of the keys of which the file is gone
 */
export function destroyRetiredIndexKeys(
  folder: string,
  { retired }: Pick<EncodingVersions, 'retired'>,
  logger: Logger,
): readonly string[] {
  return [...retired].map(indexKey).filter((name) => destroyKey(folder, name, logger))
}

/** @returns whether there was one, and it is gone */
export function destroyKey(folder: string, name: string, logger: Logger): boolean {
  const path = fileOfKey(folder, name)
  if (path === undefined) return false
  try {
    overwrite(path)
    logger.info({ event: 'retired-key-destroyed', key: name })
    return true
  } catch (error) {
    logger.warn({ event: 'retired-key-left', key: name, err: safeError(error) }, `remove ${basename(path)}`)
    return false
  }
}
