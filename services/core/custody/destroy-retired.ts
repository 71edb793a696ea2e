import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { overwrite } from '../sealing/secret-files.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'

/**
 * Destroys what this host still has of retired keys. Call it when those in use were opened: a register that lies keeps a service from starting, and takes no key.
 *
 * @param names of the retired versions, `<service>/<file>`
 * @returns those of which the file is gone now
 */
export function destroyRetiredFiles(folder: string, names: readonly string[], logger: Logger): readonly string[] {
  return names.filter((name) => {
    const path = join(folder, basename(name))
    if (!existsSync(path)) return false
    try {
      overwrite(path)
      logger.info({ event: 'retired-key-destroyed', key: name })
      return true
    } catch (error) {
      // A folder that is mounted read only: the key opens nothing that exists.
      logger.warn({ event: 'retired-key-left', key: name, err: safeError(error) }, `remove ${path}: it is retired`)
      return false
    }
  })
}
