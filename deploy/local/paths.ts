/** Paths: the project, Node 24, the data folder, the cache of components. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readGiven } from '#core/config/read.ts'

/** The project's root folder. */
export const ROOT = resolve(import.meta.dirname, '../..')

/**
 * @returns the data folder: `given`, else CHAINON_DATA_DIR, else `.chainon` in the project; absolute
 * @throws ConfigurationError when the environment has an unknown setting
 */
export function dataFolder(env: NodeJS.ProcessEnv, given?: string): string {
  const { CHAINON_DATA_DIR: configured } = readGiven('chainon', ['CHAINON_DATA_DIR'], env)
  return resolve(given || configured || join(ROOT, '.chainon'))
}

/**
 * @returns the cache of downloaded components, which all stacks of this machine can share; absolute
 * @throws ConfigurationError when the environment has an unknown setting
 */
export function componentsFolder(env: NodeJS.ProcessEnv): string {
  const { CHAINON_COMPONENTS_DIR: configured } = readGiven('chainon', ['CHAINON_COMPONENTS_DIR'], env)
  return resolve(configured || join(ROOT, '.chainon', 'components'))
}

/** @returns a Node that runs TypeScript: this one when it is new enough, else the one of the npm package of this platform */
export function node24(): string {
  const major = Number(process.versions.node.split('.')[0])
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  const packaged = join(ROOT, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
  return major >= 24 || !existsSync(packaged) ? process.execPath : packaged
}

export interface DataPaths {
  readonly data: string
  readonly run: string
  readonly logs: string
  /** What Node has compiled of the services. */
  readonly compileCache: string
  readonly stateFile: string
  readonly lockFile: string
  readonly firstRunMarker: string
  /** A password for each user of the local ClickHouse. */
  readonly clickhouseLogins: string
  /** A password for each user of the local Kafka. */
  readonly kafkaLogins: string
  /** A password for each user of the local Redis. */
  readonly redisLogins: string
  /** A password for each user of the local schema registry. */
  readonly registryLogins: string
}

/** @returns the supervisor's own files in a data folder */
export function dataPaths(data: string): DataPaths {
  const run = join(data, 'run')
  return {
    data,
    run,
    logs: join(data, 'logs'),
    compileCache: join(data, 'compile-cache'),
    stateFile: join(run, 'state.json'),
    lockFile: join(run, 'supervisor.lock'),
    firstRunMarker: join(run, 'first-run-done'),
    clickhouseLogins: join(data, 'secrets', 'clickhouse'),
    kafkaLogins: join(data, 'secrets', 'kafka'),
    redisLogins: join(data, 'secrets', 'redis'),
    registryLogins: join(data, 'secrets', 'registry'),
  }
}
