/**
 * Apicurio Registry behind its Confluent-compatible interface; it stores schemas in an H2 file and listens on 127.0.0.1 only. Nobody uses
 * it without a password, and of its other interfaces only the health is open: see registry-access.ts.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { REGISTRY_ADMIN } from '#core/avro/registry-rights.ts'
import { passwordOf } from '../passwords.ts'
import { httpReady } from '../probes.ts'
import type { ProcessSpec } from '../types.ts'
import { componentFolder, VERSIONS } from './install.ts'
import { REGISTRY_PATH, registryAccess } from './registry-access.ts'

export interface RegistryOptions {
  readonly java: string
  /** More options of the JVM; see class-archive.ts. */
  readonly jvm: readonly string[]
  readonly cache: string
  readonly data: string
  /** Folder of the passwords of its users, made when missing. */
  readonly logins: string
  readonly port: number
}

export function registry(options: RegistryOptions): ProcessSpec {
  const { logins } = options
  const folder = join(options.data, 'registry')
  const accessFile = join(folder, 'access.properties')
  const url = `http://127.0.0.1:${options.port}${REGISTRY_PATH}`
  const jar = join(componentFolder(options.cache, 'registry'), `apicurio-registry-app-${VERSIONS.registry}-runner.jar`)
  return {
    name: 'registry',
    url,
    command: options.java,
    // The first compiler tier only: it starts faster, and a registry has few requests an hour.
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+ExitOnOutOfMemoryError',
      ...options.jvm,
      // A comma would begin the name of another file.
      `-Dquarkus.config.locations=${pathToFileURL(accessFile).href.replaceAll(',', '%2C')}`,
      '-jar',
      jar,
    ],
    env: {
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(options.port),
      QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
      // The default storage is memory. WRITE_DELAY=0: an acknowledged schema is on the disk, even after kill -9.
      APICURIO_STORAGE_KIND: 'sql',
      APICURIO_STORAGE_SQL_KIND: 'h2',
      APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(folder, 'registry')};WRITE_DELAY=0`,
    },
    prepare: async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(
        accessFile,
        registryAccess((user) => passwordOf(logins, user)),
        { mode: 0o600 },
      )
    },
    ready: () => httpReady(`${url}/subjects`, { user: REGISTRY_ADMIN, password: passwordOf(logins, REGISTRY_ADMIN) }),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  }
}
