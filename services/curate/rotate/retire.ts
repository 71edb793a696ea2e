/** Destroys the keys of former versions on this host, after a look at every value that is stored. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { secondLevelKey } from '#core/custody/key-versions.ts'
import { overwrite } from '#core/sealing/secret-files.ts'
import { lineageOf } from './lineage.ts'
import { lockRotation, type RotationDependencies, readVersions, registerStep } from './rotation.ts'
import { dropStaging } from './staging.ts'
import { othersOf, refused } from './tables.ts'

export interface Retired {
  readonly inForce: number
  /** Versions whose key was destroyed now. */
  readonly versions: readonly number[]
}

/**
 * @param dir of the secrets of `curate`
 * @throws ChainonError key-rotation-refused while a rotation is open, or a value of another version is stored; ConfigurationError when the key in force is not here
 */
export async function retire(dependencies: RotationDependencies, dir: string): Promise<Retired> {
  const { clickhouse, feeds, secret } = dependencies
  const lock = await lockRotation(dependencies)
  try {
    const { inForce, open, next } = await readVersions(dependencies)
    if (open !== undefined) throw refused([`the rotation to version ${open.version} is open`])
    await secret(secondLevelKey(inForce))
    const problems: string[] = []
    for (const table of lineageOf(feeds.map(({ contract }) => contract))) {
      const others = await othersOf(clickhouse, table, table.table, inForce)
      for (const [column, count] of Object.entries(others))
        if (count > 0) problems.push(`${table.table}.${column} has ${count} values that are not of version ${inForce}`)
    }
    if (problems.length > 0) throw refused(problems)
    // From its copies a former pseudonym could be found without the key.
    await dropStaging(clickhouse)
    const versions: number[] = []
    for (let version = 1; version < next; version++) {
      const path = join(dir, fileOf(version))
      if (version === inForce || !existsSync(path)) continue
      lock.assertHeld()
      overwrite(path)
      await registerStep(dependencies, version, 'retired')
      versions.push(version)
    }
    return { inForce, versions }
  } finally {
    await lock.release()
  }
}

function fileOf(version: number): string {
  const name = secondLevelKey(version)
  return name.slice(name.indexOf('/') + 1)
}
