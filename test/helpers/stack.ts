/**
 * The servers of the tests: real Kafka, schema registry, Redis and ClickHouse, started once per vitest run for all projects
 * that need them. Tests reach them through `servers.ts`.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { REGISTRY_USERS } from '#core/avro/registry-rights.ts'
import { KAFKA_SUPER_USERS, KAFKA_USERS } from '#core/kafka/users.ts'
import { lockHolder } from '#core/process/lock.ts'
import { REDIS_RIGHTS } from '#core/redis/rights.ts'
import { clickhouseUsers } from '../../deploy/local/logins.ts'
import { dataPaths } from '../../deploy/local/paths.ts'
import { type Stack, startStack } from '../../deploy/local/stack.ts'
import { sweep } from '../../deploy/local/sweep.ts'
import { TEST_DATABASES, TEST_NAMESPACES } from './servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL, their administrators, and CHAINON_DATA_DIR of the shared stack. */
    servers: Record<string, string>
    /** The logins of each program that uses one of them, as variables. */
    logins: Record<string, Record<string, string>>
    /** A file in it is the name of a database that a test uses. */
    databasesInUse: string
  }
}

interface Shared {
  readonly folder: string
  readonly stack: Promise<Stack>
  users: number
}

const PREFIX = 'chainon-test-'
const LEFTOVER_AFTER_MS = 60_000
/** Each project loads this file again, in the same process: the shared stack is a property of the global object. */
const processGlobals = globalThis as typeof globalThis & { chainonTestStack?: Shared | undefined }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  processGlobals.chainonTestStack ??= await start()
  const shared = processGlobals.chainonTestStack
  shared.users++
  const stack = await shared.stack
  project.provide('servers', { ...stack.env })
  project.provide('logins', Object.fromEntries(users().map((user) => [user, { ...stack.login(user) }])))
  project.provide('databasesInUse', join(shared.folder, 'databases'))
  return async () => {
    shared.users--
    if (shared.users > 0) return
    processGlobals.chainonTestStack = undefined
    await stack.stop()
    rmSync(shared.folder, { recursive: true, force: true })
  }
}

async function start(): Promise<Shared> {
  await removeLeftovers()
  const folder = mkdtempSync(join(tmpdir(), PREFIX))
  mkdirSync(join(folder, 'databases'))
  const options = {
    dataDir: folder,
    ports: 'auto',
    services: 'none',
    databases: TEST_DATABASES,
    namespaces: TEST_NAMESPACES,
  } as const
  const stack = startStack({ ...options, env: process.env }).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true })
    throw error
  })
  return { folder, stack, users: 0 }
}

const users = (): readonly string[] => [
  ...new Set([
    ...clickhouseUsers(),
    ...Object.keys(REDIS_RIGHTS),
    ...KAFKA_USERS,
    ...KAFKA_SUPER_USERS,
    ...REGISTRY_USERS,
  ]),
]

/** A killed run leaves its folder, and on some systems its servers too. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name)
    const recent = Date.now() - statSync(folder).mtimeMs < LEFTOVER_AFTER_MS
    if (recent || lockHolder(dataPaths(folder).lockFile)) continue
    if (existsSync(dataPaths(folder).stateFile)) await sweep(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}
