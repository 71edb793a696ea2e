/** Apicurio Registry behind its Confluent-compatible interface; it stores schemas in an H2 file and listens on 127.0.0.1 only. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { httpReady } from '../probes.ts'
import type { ProcessSpec } from '../types.ts'
import { componentFolder, VERSIONS } from './install.ts'

export interface RegistryOptions {
  readonly java: string
  /** More options of the JVM; see class-archive.ts. */
  readonly jvm: readonly string[]
  readonly cache: string
  readonly data: string
  readonly port: number
}

export function registry(options: RegistryOptions): ProcessSpec {
  const folder = join(options.data, 'registry')
  const url = `http://127.0.0.1:${options.port}/apis/ccompat/v7`
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
    },
    ready: () => httpReady(`${url}/subjects`),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  }
}
